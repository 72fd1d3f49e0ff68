"""Release slots in bulk: jobs that were dispatched and not claimed are queued again.

Each function changes rows of ``user_queues`` of several users, like a dispatch. It takes the locks
of the queues before any row, so that two of them cannot deadlock.
"""

from shared.contracts.job_catalog import WORKER_TYPES
from shared.db.connection import Connection
from shared.db.queries import dispatch


async def lock(connection: Connection) -> None:
    """Lock the dispatch of all queues until the end of the transaction.

    Call it before any row is changed.
    """
    for queue in WORKER_TYPES:
        await dispatch.lock(connection, queue)


async def release_unclaimed(connection: Connection, *, limit: int) -> int:
    """Release the slots of jobs that were not claimed in time; return how many."""
    await lock(connection)
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
    await lock(connection)
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
    await lock(connection)
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
