"""The metadata's SQLite file: its tables, its transactions and its clock of generations."""

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
    """One connection, used from the event loop's thread alone.

    Statements take microseconds and run in place: no other request can come between the check of
    a precondition and the write that it guards.
    """

    def __init__(self, path: Path) -> None:
        # Autocommit, so that `transaction` alone decides where one begins.
        self._connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode = wal")
        # What is written survives the end of this process, whatever ends it. Surviving a power
        # cut would cost an fsync for each object, which a development machine need not pay.
        self._connection.execute("pragma synchronous = off")
        self._connection.execute("pragma foreign_keys = on")
        self._connection.executescript(_SCHEMA)

    def execute(self, query: str, parameters: tuple[object, ...] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(query, parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything in the block, or none of it."""
        self.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.execute("rollback")
            raise
        self.execute("commit")

    def next_generation(self) -> int:
        """Give the microseconds since the epoch, or more: never a number given before."""
        query = "update clock set generation = max(generation + 1, ?) returning generation"
        (generation,) = self.execute(query, (time.time_ns() // 1000,)).fetchone()
        return int(generation)


def now() -> str:
    """Give the time as the JSON API writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
