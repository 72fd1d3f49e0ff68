"""Published tables, and the columns that each role may read."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.db.pool import Role
from shared.db.queries import realtime_schema
from shared.db.queries.realtime_schema import PublishedColumn
from shared.services import Services


@dataclass(frozen=True, slots=True)
class Table:
    """A published table with the columns that one role may read."""

    name: str
    columns: Mapping[str, str]
    """Type of each column by name."""


Tables = Mapping[str, Table]


@functools.cache
def of(services: Services) -> "SchemaCache":
    """Return the process's schema cache."""
    return SchemaCache(services)


class SchemaCache:
    """Reads the schema once: grants change with a migration, which redeploys the service."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[Role, Tables] = {}

    async def readable(self, role: Role) -> Tables:
        """Return the published tables of which the role may read at least one column."""
        if not self._known:
            async with self._services.database.transaction() as connection:
                columns = await realtime_schema.published_columns(connection)
            self._known = {
                "authenticated": _tables(column for column in columns if column.authenticated),
                "anon": _tables(column for column in columns if column.anon),
            }
        return self._known.get(role, {})


def _tables(columns: Iterable[PublishedColumn]) -> Tables:
    types: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for column in columns:
        types[column.table][column.name] = column.type
    return {name: Table(name, known) for name, known in types.items()}
