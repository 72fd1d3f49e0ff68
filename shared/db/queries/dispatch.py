"""Dispatch: which jobs run next. ``private.fill`` of the migrations chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from shared.contracts.job_catalog import QueueName, WorkerType
from shared.db.connection import Connection
from shared.db.queries.jobs import Job

MIN_CLAIM_SECONDS = 60.0
"""A dispatched job that nobody claims in this time, and that of the line before it, waits again."""


class WorkerAddress(NamedTuple):
    """Where a worker is, and whose key it holds."""

    url: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchWindow:
    """The workers of a queue that may be sent its jobs, and how far ahead of their slots."""

    queue: QueueName
    worker_type: WorkerType
    prefetch_jobs: int
    key_ids: list[str]
    seconds: Mapping[str, float]
    """What a picture of each job type takes; a job may lie unclaimed for that and a minute."""

    def as_values(self) -> dict[str, object]:
        """For the statements here."""
        return {
            "queue": self.queue,
            "worker_type": self.worker_type,
            "prefetch_jobs": self.prefetch_jobs,
            "key_ids": self.key_ids,
            "seconds": Jsonb(dict(self.seconds)),
            "min_claim_seconds": MIN_CLAIM_SECONDS,
        }


async def lock(connection: Connection, queue: QueueName) -> None:
    """One fill of a queue at a time, until the transaction ends."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtext('dispatch'), hashtext(%(queue)s))", {"queue": queue}
    )


async def dispatch(
    connection: Connection, window: DispatchWindow
) -> list[tuple[Job, WorkerAddress]]:
    """DISPATCH, for as many jobs as there is room for; they, and where their workers are.

    A worker may move while this waits for its turn. Jobs sent to where it was would lie there until
    nobody has claimed them in time: so the address is asked for last, while no worker can leave.
    """
    rows = await connection.execute(
        """
        select given.*, worker_url, key_id
        from private.fill(
            %(queue)s, %(worker_type)s, %(prefetch_jobs)s, %(key_ids)s, %(seconds)s,
            %(min_claim_seconds)s
        ) as given
        cross join lateral private.address_of(given.worker_id)
        """,
        window.as_values(),
    )
    return [_dispatched(row) for row in await rows.fetchall()]


async def unclaimed(
    connection: Connection, *, seconds: float, limit: int
) -> list[tuple[Job, WorkerAddress]]:
    """Jobs that were dispatched so long ago and are not claimed, with their workers' addresses."""
    rows = await connection.execute(
        """
        select jobs.*, worker_url, key_id
        from jobs join workers on workers.id = jobs.worker_id
        where status = 'queued' and dispatched_at < now() - make_interval(secs => %(seconds)s)
            and claim_by >= now()
        order by claim_by
        limit %(limit)s
        """,
        {"seconds": seconds, "limit": limit},
    )
    return [_dispatched(row) for row in await rows.fetchall()]


def _dispatched(row: dict[str, Any]) -> tuple[Job, WorkerAddress]:
    address = WorkerAddress(row.pop("worker_url"), row.pop("key_id"))
    return Job(**row), address
