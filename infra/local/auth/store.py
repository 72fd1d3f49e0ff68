"""SQLite schema and transactions of users and sessions."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_TABLES = """
create table if not exists users (
    id text primary key,
    email text not null unique,
    password blob not null,
    data text not null,
    created_at real not null,
    updated_at real not null,
    last_sign_in_at real not null
);
create table if not exists sessions (
    id text primary key,
    user_id text not null references users (id) on delete cascade,
    created_at real not null
);
create index if not exists sessions_of_user on sessions (user_id);
create table if not exists refresh_tokens (
    hash blob primary key,
    session_id text not null references sessions (id) on delete cascade,
    used_at real
);
create index if not exists refresh_tokens_of_session on refresh_tokens (session_id);
"""


def make(path: Path) -> None:
    """Create missing tables, in a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite gives its journal the same mode.
    path.touch(mode=0o600)
    path.chmod(0o600)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(_TABLES)


@contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a write transaction: commit at the end, roll back on an exception."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as database:
        database.execute("pragma foreign_keys = on")
        database.execute("begin immediate")
        try:
            yield database
        except BaseException:
            database.execute("rollback")
            raise
        database.execute("commit")
