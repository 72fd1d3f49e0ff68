"""Connection type of all queries; rows are returned as dictionaries."""

from typing import TypeVar

from psycopg import AsyncConnection
from psycopg.rows import DictRow

Connection = AsyncConnection[DictRow]

T = TypeVar("T")


def require_row(row: T | None) -> T:
    """Return the row of a statement that always returns one.

    Raises:
        LookupError: There is no row.
    """
    if row is None:
        raise LookupError("a statement that always returns a row returned none")
    return row
