"""The type of connection that every query takes: rows come back as dictionaries."""

from typing import TypeVar

from psycopg import AsyncConnection
from psycopg.rows import DictRow

Connection = AsyncConnection[DictRow]

T = TypeVar("T")


def require_row(row: T | None) -> T:
    """The row of a statement that always returns one."""
    if row is None:
        raise LookupError("a statement that always returns a row returned none")
    return row
