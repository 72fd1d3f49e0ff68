"""The catalogue of each role, read once and again when a name is unknown."""

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
"""How often an unknown name may have it read anew, at most."""


@dataclass(slots=True)
class _CacheEntry:
    catalogue: Catalogue
    refreshed_at: float | None = None


_known: weakref.WeakKeyDictionary[Database, dict[Role, _CacheEntry]] = weakref.WeakKeyDictionary()


async def plan_with_schema(
    plan: Callable[[Catalogue], T], caller: User | Anon, services: Services
) -> T:
    """What ``plan`` makes of the catalogue; with a newer one, where it misses a name."""
    roles = _known.setdefault(services.database, {})
    if caller.role not in roles:
        roles[caller.role] = _CacheEntry(await _read(caller, services))
    known, now = roles[caller.role], services.clock()
    try:
        return plan(known.catalogue)
    except RestError as error:
        is_recent = known.refreshed_at and now - known.refreshed_at < _REFRESH_SECONDS
        if is_recent or not error.may_be_stale_schema:
            raise
    known.refreshed_at = now
    known.catalogue = await _read(caller, services)
    return plan(known.catalogue)


async def _read(caller: User | Anon, services: Services) -> Catalogue:
    async with services.database.transaction(
        caller.role, caller.claims, read_only=True
    ) as connection:
        return catalog.build_catalog(
            await introspection.columns(connection),
            await introspection.links(connection),
            await introspection.routines(connection),
        )
