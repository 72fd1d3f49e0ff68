"""Types that ``select`` may cast to, by each of their names in Postgres."""

from psycopg.sql import SQL

from functions.rest.errors import RestError

TYPES = {
    "text": SQL("text"),
    "varchar": SQL("varchar"),
    "character varying": SQL("varchar"),
    "int": SQL("integer"),
    "int2": SQL("smallint"),
    "int4": SQL("integer"),
    "int8": SQL("bigint"),
    "smallint": SQL("smallint"),
    "integer": SQL("integer"),
    "bigint": SQL("bigint"),
    "numeric": SQL("numeric"),
    "decimal": SQL("numeric"),
    "real": SQL("real"),
    "float4": SQL("real"),
    "float8": SQL("double precision"),
    "float": SQL("double precision"),
    "double precision": SQL("double precision"),
    "bool": SQL("boolean"),
    "boolean": SQL("boolean"),
    "json": SQL("json"),
    "jsonb": SQL("jsonb"),
    "uuid": SQL("uuid"),
    "date": SQL("date"),
    "time": SQL("time"),
    "timestamp": SQL("timestamp"),
    "timestamptz": SQL("timestamptz"),
    "timestamp without time zone": SQL("timestamp"),
    "timestamp with time zone": SQL("timestamptz"),
    "interval": SQL("interval"),
}


def named(name: str) -> SQL:
    """Return the type of that name. Raises RestError (42704), with Postgres's message."""
    if name.lower() not in TYPES:
        raise RestError(400, "42704", f'type "{name}" does not exist')
    return TYPES[name.lower()]
