"""Queues, tasks and the names that are not free again yet, in one SQLite file.

Calls block the event loop for some tens of microseconds each, which is less than a hand-over to
a thread would cost.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.cloud.tasks_v2 import Queue, Task

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SCHEMA = """
create table if not exists queues (
    name text primary key,
    settings blob not null
);
create table if not exists tasks (
    id integer primary key autoincrement,
    name text not null unique,
    queue text not null,
    state blob not null,
    executions integer not null default 0,
    previous_status integer
);
create index if not exists tasks_by_queue on tasks (queue, id);
create table if not exists tombstones (
    name text primary key,
    expires_at real not null
);
create index if not exists tombstones_by_expiry on tombstones (expires_at);
"""


@dataclass(slots=True)
class StoredTask:
    """A task and what its next attempt tells the target about the earlier ones.

    Attributes:
        id: Its number; a later task of the same name has another.
        task: The task as the service shows it, in full.
        executions: The answers so far other than 5xx.
        previous_status: The HTTP status that the last attempt ended with.
    """

    id: int
    task: Task
    executions: int = 0
    previous_status: int | None = None


class Store:
    """The emulator's memory. Every call is on disk, as far as a kill is concerned, on return."""

    def __init__(self, path: Path, *, tombstone_seconds: float) -> None:
        self._tombstone_seconds = tombstone_seconds
        self._db = sqlite3.connect(path)
        # A killed process leaves its writes with the kernel, which keeps them: fsync would guard
        # against a power cut alone, and cost more than all the rest of a call.
        self._db.execute("pragma synchronous = off")
        # One process at a time: a second on the same file fails instead of pushing all twice.
        self._db.execute("pragma locking_mode = exclusive")
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def put_queue(self, queue: Queue) -> None:
        """Store a queue's settings and state, new or changed."""
        with self._db:
            self._db.execute(
                "insert or replace into queues (name, settings) values (?, ?)",
                (queue.name, Queue.serialize(queue)),
            )

    def queues(self, prefix: str = "", after: str = "", limit: int = -1) -> list[Queue]:
        """Queues whose names begin with a prefix and come after a name, in order of name."""
        rows = self._db.execute(
            "select settings from queues where substr(name, 1, ?) = ? and name > ?"
            " order by name limit ?",
            (len(prefix), prefix, after, limit),
        )
        return [Queue.deserialize(settings) for (settings,) in rows]

    def delete_queue(self, name: str) -> None:
        """Forget a queue and its tasks; none of the names is free at once."""
        with self._db:
            self._tombstone(name)
            self._clear(name)
            self._db.execute("delete from queues where name = ?", (name,))

    def clear_queue(self, name: str) -> None:
        """Forget a queue's tasks."""
        with self._db:
            self._clear(name)

    def insert_task(self, queue: str, task: Task) -> int:
        """Store a new task and return its number."""
        with self._db:
            cursor = self._db.execute(
                "insert into tasks (name, queue, state) values (?, ?, ?)",
                (task.name, queue, Task.serialize(task)),
            )
        return cursor.lastrowid or 0

    def save_task(self, stored: StoredTask) -> None:
        """Write back a task's attempts and schedule."""
        with self._db:
            self._db.execute(
                "update tasks set state = ?, executions = ?, previous_status = ? where id = ?",
                (Task.serialize(stored.task), stored.executions, stored.previous_status, stored.id),
            )

    def task(self, task_id: int) -> StoredTask | None:
        """The task of a number."""
        return _first(
            self._db.execute(
                "select id, state, executions, previous_status from tasks where id = ?", (task_id,)
            )
        )

    def task_named(self, name: str) -> StoredTask | None:
        """The task that has a name now."""
        return _first(
            self._db.execute(
                "select id, state, executions, previous_status from tasks where name = ?", (name,)
            )
        )

    def tasks(self, queue: str, after: int = 0, limit: int = -1) -> list[StoredTask]:
        """A queue's tasks with numbers above one, oldest first."""
        rows = self._db.execute(
            "select id, state, executions, previous_status from tasks"
            " where queue = ? and id > ? order by id limit ?",
            (queue, after, limit),
        )
        return [_stored(row) for row in rows]

    def end_task(self, task_id: int) -> None:
        """Forget a task that completed, was given up or deleted; its name stays taken a while."""
        with self._db:
            for (name,) in self._db.execute(
                "delete from tasks where id = ? returning name", (task_id,)
            ).fetchall():
                self._tombstone(name)

    def is_tombstoned(self, name: str) -> bool:
        """Whether a task or queue of this name ended too recently for the name to be free."""
        found = self._db.execute(
            "select 1 from tombstones where name = ? and expires_at > ?", (name, time.time())
        )
        return found.fetchone() is not None

    def _clear(self, queue: str) -> None:
        self._db.execute(
            "insert or replace into tombstones (name, expires_at)"
            " select name, ? from tasks where queue = ?",
            (time.time() + self._tombstone_seconds, queue),
        )
        self._db.execute("delete from tasks where queue = ?", (queue,))

    def _tombstone(self, name: str) -> None:
        now = time.time()
        self._db.execute(
            "insert or replace into tombstones (name, expires_at) values (?, ?)",
            (name, now + self._tombstone_seconds),
        )
        self._db.execute("delete from tombstones where expires_at <= ?", (now,))


_Row = tuple[int, bytes, int, int | None]


def _stored(row: _Row) -> StoredTask:
    task_id, state, executions, previous_status = row
    return StoredTask(task_id, Task.deserialize(state), executions, previous_status)


def _first(rows: Iterable[_Row]) -> StoredTask | None:
    return next((_stored(row) for row in rows), None)
