"""Slots given back in bulk: what was dispatched and not claimed waits for its turn again.

Each of these changes the turns of several users at once, as a fill does. It takes the queues' locks
before any row, so that no two of them wait for each other.
"""

from shared.contracts.job_catalog import WORKER_TYPES
from shared.db.connection import Connection
from shared.db.queries import dispatch


async def lock(connection: Connection) -> None:
    """No fill, and no other of these, until the transaction ends. Before any row is changed."""
    for queue in WORKER_TYPES:
        await dispatch.lock(connection, queue)


async def release_unclaimed(connection: Connection, *, limit: int) -> int:
    """Give back the slots of jobs that nobody claimed in time; how many."""
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
    """Give back the slots of jobs sent to an address that the worker has left; how many."""
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
    """Give back the slots of jobs sent to workers that do not answer; how many."""
    await lock(connection)
    rows = await connection.execute(
        """
        with unanswered as materialized (
            select jobs.id from jobs join workers on workers.id = jobs.worker_id
            where jobs.status = 'queued' and jobs.dispatched_at is not null
                and workers.health = 'unhealthy' and workers.keeps_awake
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
