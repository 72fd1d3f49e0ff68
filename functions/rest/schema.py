"""Which columns a role may read."""

from shared.database import Role
from shared.queries.connection import Connection

_known: dict[tuple[Role, str], tuple[str, ...]] = {}
"""Grants change with a migration, and the functions are deployed anew with one."""


async def readable_columns(connection: Connection, table: str, role: Role) -> tuple[str, ...]:
    """The columns of a public table that the connection's role may read, in their order."""
    if found := _known.get((role, table)):
        return found
    rows = await connection.execute(
        """
        select attname
        from pg_attribute
        join pg_class on pg_class.oid = attrelid
        join pg_namespace on pg_namespace.oid = relnamespace
        where nspname = 'public' and relname = %(table)s and relkind in ('r', 'v')
            and attnum > 0 and not attisdropped
            and has_column_privilege(pg_class.oid, attnum, 'select')
        order by attnum
        """,
        {"table": table},
    )
    columns = tuple(row["attname"] for row in await rows.fetchall())
    if columns:
        _known[role, table] = columns
    return columns
