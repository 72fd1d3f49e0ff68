"""SQLite metadata: tables, transactions and the counter of generations."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCHEMA = """
create table if not exists clock (generation integer not null);
insert into clock select 0 where not exists (select 1 from clock);
create table if not exists buckets (
    name text primary key,
    metageneration integer not null,
    created text not null,
    updated text not null,
    properties text not null
) without rowid;
create table if not exists objects (
    bucket text not null references buckets,
    name text not null,
    generation integer not null,
    metageneration integer not null,
    size integer not null,
    crc32c text not null,
    md5 text,
    component_count integer,
    created text not null,
    updated text not null,
    properties text not null,
    primary key (bucket, name)
) without rowid;
create table if not exists uploads (
    id text primary key,
    bucket text not null,
    name text not null,
    properties text not null,
    expected text not null,
    conditions text not null,
    created text not null,
    generation integer
) without rowid;
"""


class Database:
    """One connection, used from the event loop's thread only.

    Statements take microseconds and run without await: no other request can run between the check
    of a precondition and the write it protects.
    """

    def __init__(self, path: Path) -> None:
        # Autocommit, so that only `transaction` begins a transaction.
        self._connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode = wal")
        # Writes survive the end of this process, whatever ends it. Surviving a power failure
        # would cost an fsync per object, which a development machine does not need.
        self._connection.execute("pragma synchronous = off")
        self._connection.execute("pragma foreign_keys = on")
        self._connection.executescript(_SCHEMA)

    def execute(self, query: str, parameters: tuple[object, ...] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(query, parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the block's writes, or roll them back after an exception."""
        self.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.execute("rollback")
            raise
        self.execute("commit")

    def next_generation(self) -> int:
        """Return a new, larger number: at least the microseconds since the epoch."""
        query = "update clock set generation = max(generation + 1, ?) returning generation"
        (generation,) = self.execute(query, (time.time_ns() // 1000,)).fetchone()
        return int(generation)


def now() -> str:
    """Return the current time in the JSON API's format."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
