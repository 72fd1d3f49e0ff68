"""Postgres's catalogue: of which tables changes are told, and who may read their columns."""

from dataclasses import dataclass

from psycopg.rows import class_row

from shared.db.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedColumn:
    """A column of a table whose changes are told."""

    table: str
    name: str
    type: str
    """As ``pg_type`` names it: ``timestamptz``, ``_text``."""
    authenticated: bool
    """Whether that role may read it; rows are another question."""
    anon: bool
    """The same."""


async def told_columns(connection: Connection) -> list[PublishedColumn]:
    """Each column of the tables that a trigger writes to ``change_events`` for, in their order."""
    rows = connection.cursor(row_factory=class_row(PublishedColumn))
    await rows.execute(
        """
        select
            relname as "table", attname as name, typname as type,
            has_column_privilege('authenticated', pg_class.oid, attnum, 'select') as authenticated,
            has_column_privilege('anon', pg_class.oid, attnum, 'select') as anon
        from pg_trigger
        join pg_proc on pg_proc.oid = tgfoid
        join pg_namespace as home on home.oid = pronamespace
        join pg_class on pg_class.oid = tgrelid
        join pg_namespace on pg_namespace.oid = relnamespace
        join pg_attribute on attrelid = pg_class.oid
        join pg_type on pg_type.oid = atttypid
        where home.nspname = 'private' and proname = 'tell_change'
            and pg_namespace.nspname = 'public' and attnum > 0 and not attisdropped
        group by pg_class.oid, relname, attnum, attname, typname
        order by relname, attnum
        """
    )
    return await rows.fetchall()
