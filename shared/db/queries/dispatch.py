"""Fair dispatch of jobs to free worker slots, by the SQL function ``private.dispatch_jobs``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from shared.contracts.job_catalog import WORKER_TYPES, QueueName, WorkerType
from shared.db.connection import Connection, require_row
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


async def lock_all(connection: Connection) -> None:
    """Lock the dispatch of all queues until the end of the transaction.

    Call it before any row is changed.
    """
    for queue in WORKER_TYPES:
        await lock(connection, queue)


async def release_unclaimed(connection: Connection, *, limit: int) -> int:
    """Release the slots of jobs that were not claimed in time; return how many."""
    await lock_all(connection)
    rows = await connection.execute(
        """
        with unclaimed as materialized (
            select id from jobs
            where status = 'queued' and dispatched_at is not null and claim_by < now()
            order by claim_by
            limit %(limit)s
            for update skip locked
        )
        update jobs set dispatched_at = null, claim_by = null, updated_at = now()
        from unclaimed
        where jobs.id = unclaimed.id
        """,
        {"limit": limit},
    )
    return rows.rowcount


async def release_moved_worker(
    connection: Connection, worker_id: str, *, other_than_url: str
) -> int:
    """Release the slots of jobs sent to a URL that the worker no longer uses; return how many."""
    await lock_all(connection)
    rows = await connection.execute(
        """
        update jobs set dispatched_at = null, claim_by = null, updated_at = now()
        from workers
        where workers.id = %(worker_id)s and workers.worker_url <> %(url)s
            and jobs.worker_id = workers.id
            and jobs.status = 'queued' and jobs.dispatched_at is not null
        """,
        {"worker_id": worker_id, "url": other_than_url},
    )
    return rows.rowcount


async def release_unresponsive_workers(connection: Connection, *, limit: int) -> int:
    """Release the slots of jobs sent to unresponsive workers; return how many."""
    await lock_all(connection)
    rows = await connection.execute(
        """
        with unanswered as materialized (
            select jobs.id from jobs join workers on workers.id = jobs.worker_id
            where jobs.status = 'queued' and jobs.dispatched_at is not null
                and workers.health = 'unhealthy' and workers.is_always_on
            limit %(limit)s
            for update of jobs skip locked
        )
        update jobs set dispatched_at = null, claim_by = null, updated_at = now()
        from unanswered
        where jobs.id = unanswered.id
        """,
        {"limit": limit},
    )
    return rows.rowcount


async def oldest_undispatched_seconds(connection: Connection) -> float:
    """Return how long the oldest waiting job has waited for a slot, in seconds; 0 if none waits.

    A job that was requeued counts from then on.
    """
    rows = await connection.execute(
        """
        select coalesce(extract(epoch from now() - min(updated_at)), 0)::double precision as seconds
        from jobs where status = 'queued' and dispatched_at is null
        """
    )
    return float(require_row(await rows.fetchone())["seconds"])
