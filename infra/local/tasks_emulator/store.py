"""SQLite store of queues, tasks and recently used names.

Calls block the event loop for some tens of microseconds each, which is less than passing them to
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
    """A task, and what its next attempt reports to the target about the earlier ones.

    Attributes:
        id: The task's number; a later task of the same name has another.
        task: The task in the service's full view.
        executions: The number of responses so far other than 5xx.
        previous_status: The HTTP status of the last attempt.
    """

    id: int
    task: Task
    executions: int = 0
    previous_status: int | None = None


class Store:
    """The emulator's state. A write survives a kill of the process as soon as its call returns."""

    def __init__(self, path: Path, *, tombstone_seconds: float) -> None:
        self._tombstone_seconds = tombstone_seconds
        self._db = sqlite3.connect(path)
        # The kernel keeps the writes of a killed process: fsync would protect only against a power
        # failure, and cost more than the rest of a call.
        self._db.execute("pragma synchronous = off")
        # One process at a time: a second on the same file fails instead of pushing tasks twice.
        self._db.execute("pragma locking_mode = exclusive")
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def put_queue(self, queue: Queue) -> None:
        """Insert or replace a queue's settings and state."""
        with self._db:
            self._db.execute(
                "insert or replace into queues (name, settings) values (?, ?)",
                (queue.name, Queue.serialize(queue)),
            )

    def queues(self, prefix: str = "", after: str = "", limit: int = -1) -> list[Queue]:
        """Return queues whose names have a prefix and come after a name, ordered by name."""
        rows = self._db.execute(
            "select settings from queues where substr(name, 1, ?) = ? and name > ?"
            " order by name limit ?",
            (len(prefix), prefix, after, limit),
        )
        return [Queue.deserialize(settings) for (settings,) in rows]

    def delete_queue(self, name: str) -> None:
        """Delete a queue and its tasks; their names stay reserved for a while."""
        with self._db:
            self._tombstone(name)
            self._clear(name)
            self._db.execute("delete from queues where name = ?", (name,))

    def clear_queue(self, name: str) -> None:
        """Delete a queue's tasks; their names stay reserved for a while."""
        with self._db:
            self._clear(name)

    def insert_task(self, queue: str, task: Task) -> int:
        """Insert a task and return its id."""
        with self._db:
            cursor = self._db.execute(
                "insert into tasks (name, queue, state) values (?, ?, ?)",
                (task.name, queue, Task.serialize(task)),
            )
        return cursor.lastrowid or 0

    def save_task(self, stored: StoredTask) -> None:
        """Update a task's attempts and schedule."""
        with self._db:
            self._db.execute(
                "update tasks set state = ?, executions = ?, previous_status = ? where id = ?",
                (Task.serialize(stored.task), stored.executions, stored.previous_status, stored.id),
            )

    def task(self, task_id: int) -> StoredTask | None:
        """Return the task with an id; None if it has ended."""
        return _first(
            self._db.execute(
                "select id, state, executions, previous_status from tasks where id = ?", (task_id,)
            )
        )

    def task_named(self, name: str) -> StoredTask | None:
        """Return the task with a name; None if it does not exist or has ended."""
        return _first(
            self._db.execute(
                "select id, state, executions, previous_status from tasks where name = ?", (name,)
            )
        )

    def tasks(self, queue: str, after: int = 0, limit: int = -1) -> list[StoredTask]:
        """Return a queue's tasks whose ids are above `after`, oldest first."""
        rows = self._db.execute(
            "select id, state, executions, previous_status from tasks"
            " where queue = ? and id > ? order by id limit ?",
            (queue, after, limit),
        )
        return [_stored(row) for row in rows]

    def end_task(self, task_id: int) -> None:
        """Delete a task that completed, failed or was deleted; its name stays reserved."""
        with self._db:
            for (name,) in self._db.execute(
                "delete from tasks where id = ? returning name", (task_id,)
            ).fetchall():
                self._tombstone(name)

    def is_tombstoned(self, name: str) -> bool:
        """Return whether the name of an ended task or queue is still reserved."""
        rows = self._db.execute(
            "select 1 from tombstones where name = ? and expires_at > ?", (name, time.time())
        )
        return rows.fetchone() is not None

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
