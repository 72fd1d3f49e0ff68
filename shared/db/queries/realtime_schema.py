"""Columns of the tables with change events, and the roles that may read them."""

from dataclasses import dataclass

from psycopg.rows import class_row

from shared.db.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedColumn:
    """A column of a table whose changes are published."""

    table: str
    name: str
    type: str
    """Name in ``pg_type``, such as ``timestamptz`` or ``_text``."""
    authenticated: bool
    """Whether the role may read the column; which rows it may read is checked separately."""
    anon: bool
    """Likewise for the role ``anon``."""


async def published_columns(connection: Connection) -> list[PublishedColumn]:
    """Return the columns, in order, of all tables with a trigger that publishes changes."""
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
        where home.nspname = 'private' and proname = 'publish_change'
            and pg_namespace.nspname = 'public' and attnum > 0 and not attisdropped
        group by pg_class.oid, relname, attnum, attname, typname
        order by relname, attnum
        """
    )
    return await rows.fetchall()
