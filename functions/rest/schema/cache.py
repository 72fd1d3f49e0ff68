"""Schema catalogue of each role: cached, and read again when a name is unknown."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from functions.rest.errors import RestError
from functions.rest.schema import catalog, introspection
from functions.rest.schema.catalog import Catalogue
from shared.auth.authenticators import Anon, User
from shared.db.pool import Database, Role
from shared.services import Services

T = TypeVar("T")

_REFRESH_SECONDS = 10
"""Minimum interval between two refreshes caused by unknown names."""


@dataclass(slots=True)
class _CacheEntry:
    catalogue: Catalogue
    refreshed_at: float | None = None


_known: weakref.WeakKeyDictionary[Database, dict[Role, _CacheEntry]] = weakref.WeakKeyDictionary()


async def plan_with_schema(
    plan: Callable[[Catalogue], T], caller: User | Anon, services: Services
) -> T:
    """Call ``plan`` with the role's catalogue; if a name is unknown, again with a newer one.

    Args:
        plan: makes a plan from a catalogue. It raises RestError for an unknown name.
        caller: whose role's catalogue is used.
        services: the process's services.

    Returns:
        What ``plan`` returns.
    """
    roles = _known.setdefault(services.database, {})
    if caller.role not in roles:
        roles[caller.role] = _CacheEntry(await _read(caller, services))
    entry, now = roles[caller.role], services.clock()
    try:
        return plan(entry.catalogue)
    except RestError as error:
        is_recent = entry.refreshed_at and now - entry.refreshed_at < _REFRESH_SECONDS
        if is_recent or not error.may_be_stale_schema:
            raise
    entry.refreshed_at = now
    entry.catalogue = await _read(caller, services)
    return plan(entry.catalogue)


async def _read(caller: User | Anon, services: Services) -> Catalogue:
    async with services.database.transaction(
        caller.role, caller.claims, read_only=True
    ) as connection:
        return catalog.build_catalog(
            await introspection.columns(connection),
            await introspection.links(connection),
            await introspection.routines(connection),
        )
