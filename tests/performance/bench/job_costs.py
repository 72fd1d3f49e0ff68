"""Count what one job costs the database, storage and the functions."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from infra.local.config import tokens
from infra.local.database import server
from tests.performance.bench import http_client
from tests.performance.bench.instrumented_system import Counted

_JOBS_A_USER = 50
"""Within the credits that a user starts with."""
_POLL_SECONDS = 0.003
_LOST_SECONDS = 60
_FRAME = ("begin", "commit", "rollback", "set ")
_ENTER = "set_config("

_WRITES = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xid"
_ROWS = """
    select sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint as written from pg_stat_user_tables
"""
"""Includes only what a server process has reported, once a second with the next statement."""

_STATEMENTS = """
    select query, sum(calls)::float8 as calls, sum(total_exec_time)::float8 as ms
    from pg_stat_statements where dbid = (select oid from pg_database where datname = 'ourvidz')
    group by query
"""


@dataclass(frozen=True)
class Counts:
    """Sums since the system's start."""

    statements: dict[str, tuple[float, float]]
    """By text: calls, and milliseconds of execution."""
    trips: int
    storage: dict[str, int]
    wal_bytes: int
    rows: int
    """Rows that were inserted, updated or deleted."""
    writes: int
    """Transactions that changed something."""
    requests: dict[str, tuple[int, float]]
    """By function: calls, and milliseconds."""


async def live(counted: Counted, jobs: int) -> list[int]:
    """Run jobs one at a time to completion; return the round trips until each was accepted."""
    connection = await http_client.Connection.open(counted.system.port)
    trips = []
    for number in range(jobs):
        if number % _JOBS_A_USER == 0:
            token = tokens.user_token(str(uuid4()))
        before = counted.statements.trips.total()
        answer = await connection.ask(http_client.picture("/functions/v1/queue-job", token))
        trips.append(counted.statements.trips.total() - before)
        await _ended(counted, http_client.job_of(answer))
    connection.close()
    return trips


async def _ended(counted: Counted, job_id: str) -> None:
    """Wait for the log line of the job's last callback, so that no query counts."""
    marks = (f'"job_id": "{job_id}"', '"status_reported": "completed"', '"message": "answered"')
    async with asyncio.timeout(_LOST_SECONDS):
        while not any(  # noqa: ASYNC110 - another process writes it
            all(mark in line for mark in marks) for line in counted.last_lines()
        ):
            await asyncio.sleep(_POLL_SECONDS)


def counts(counted: Counted) -> Counts:
    """Return the current counts."""
    with counted.connected() as connection:
        found = connection.execute(_STATEMENTS).fetchall()
        wal = connection.execute("select pg_current_wal_lsn() - '0/0' as bytes").fetchone()
        writes = connection.execute(_WRITES).fetchone()
    with counted.connected(server.DATABASE) as connection:
        rows = connection.execute(_ROWS).fetchone()
    requests: dict[str, tuple[int, float]] = {}
    for line in counted.log_lines():
        if line["message"] == "answered":
            number, ms = requests.get(str(line["function"]), (0, 0.0))
            requests[str(line["function"])] = (number + 1, ms + float(str(line["ms"])))
    return Counts(
        statements={" ".join(row["query"].split()): (row["calls"], row["ms"]) for row in found},
        trips=counted.statements.trips.total(),
        storage=dict(counted.storage.trips),
        wal_bytes=int(wal["bytes"]) if wal else 0,
        rows=int(rows["written"]) if rows else 0,
        writes=int(writes["xid"]) if writes else 0,
        requests=requests,
    )


def between(before: Counts, after: Counts) -> Counts:
    """Return the difference of two counts."""
    return Counts(
        statements=_more(before.statements, after.statements),
        trips=after.trips - before.trips,
        storage={name: n - before.storage.get(name, 0) for name, n in after.storage.items()},
        wal_bytes=after.wal_bytes - before.wal_bytes,
        rows=after.rows - before.rows,
        writes=after.writes - before.writes,
        requests=_more(before.requests, after.requests),
    )


def is_frame(query: str) -> bool:
    """Return whether a statement only begins or ends a transaction."""
    plain = query.lower()
    return plain.startswith(_FRAME) or _ENTER in plain


def _more(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    none = (0, 0.0)
    changed = {
        name: (many - before.get(name, none)[0], ms - before.get(name, none)[1])
        for name, (many, ms) in after.items()
    }
    return {name: both for name, both in changed.items() if both[0]}
