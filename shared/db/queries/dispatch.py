"""Fair dispatch of jobs to free worker slots, by the SQL function ``private.dispatch_jobs``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from shared.contracts.job_catalog import QueueName, WorkerType
from shared.db.connection import Connection
from shared.db.queries.jobs import Job

MIN_CLAIM_SECONDS = 60.0
"""Minimum time to claim a dispatched job, besides the durations of the jobs ahead of it. An
unclaimed job is queued again afterwards."""


class WorkerAddress(NamedTuple):
    """A worker's URL and the id of its key."""

    url: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchWindow:
    """The workers of a queue that jobs may be dispatched to, and the number of prefetched jobs."""

    queue: QueueName
    worker_type: WorkerType
    prefetch_jobs: int
    key_ids: list[str]
    seconds: Mapping[str, float]
    """Expected seconds per image or video of each job type, for the time limit of claims."""

    def as_values(self) -> dict[str, object]:
        """Return the parameters of the statements in this module."""
        return {
            "queue": self.queue,
            "worker_type": self.worker_type,
            "prefetch_jobs": self.prefetch_jobs,
            "key_ids": self.key_ids,
            "seconds": Jsonb(dict(self.seconds)),
            "min_claim_seconds": MIN_CLAIM_SECONDS,
        }


async def lock(connection: Connection, queue: QueueName) -> None:
    """Lock the dispatch of a queue until the end of the transaction."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtext('dispatch'), hashtext(%(queue)s))", {"queue": queue}
    )


async def dispatch(
    connection: Connection, window: DispatchWindow
) -> list[tuple[Job, WorkerAddress]]:
    """Apply DISPATCH to as many jobs as there are free slots; return them with their workers.

    A worker may move while this waits for the lock, and jobs sent to its previous URL would wait
    until their claim times out. So the URL is read last, under the lock, while no worker can move.
    """
    rows = await connection.execute(
        """
        select given.*, worker_url, key_id
        from private.dispatch_jobs(
            %(queue)s, %(worker_type)s, %(prefetch_jobs)s, %(key_ids)s, %(seconds)s,
            %(min_claim_seconds)s
        ) as given
        cross join lateral private.worker_address(given.worker_id)
        """,
        window.as_values(),
    )
    return [_dispatched(row) for row in await rows.fetchall()]


async def unclaimed(
    connection: Connection, *, seconds: float, limit: int
) -> list[tuple[Job, WorkerAddress]]:
    """Return unclaimed jobs that were dispatched over ``seconds`` ago, with their workers."""
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
