"""Find expired claims and jobs, and delete expired rows, in bounded batches.

All statements are safe to run concurrently. Jobs are ordered by ``updated_at``, and a job that a
sweep has tried moves to the end. So jobs that fail repeatedly do not block other jobs.
"""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from shared.db.connection import Connection
from shared.db.queries.jobs import Job

UNREADABLE_SECONDS = 10 * 60
"""How long past its deadline a job stays open while its manifest cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiredClaim:
    """A claim whose lease has expired without a heartbeat."""

    job_id: UUID
    user_id: UUID
    claim_id: UUID
    key_id: str
    is_past_deadline: bool
    is_overdue: bool
    """The deadline passed ``UNREADABLE_SECONDS`` ago."""


async def expired_claims(connection: Connection, *, limit: int) -> list[ExpiredClaim]:
    """Return jobs with an expired lease; the most recently tried or updated come last."""
    rows = connection.cursor(row_factory=class_row(ExpiredClaim))
    await rows.execute(
        """
        select jobs.id as job_id, user_id, claim_id, key_id,
            deadline_at < now() as is_past_deadline,
            deadline_at < now() - make_interval(secs => %(unreadable_seconds)s) as is_overdue
        from jobs join workers on workers.id = jobs.worker_id
        where status = 'processing' and lease_until < now()
        order by jobs.updated_at
        limit %(limit)s
        """,
        {"limit": limit, "unreadable_seconds": UNREADABLE_SECONDS},
    )
    return await rows.fetchall()


async def postpone_expired_claim(
    connection: Connection, job_id: UUID, *, claim_id: UUID
) -> Job | None:
    """Move a job with an expired claim to the end of ``expired_claims``, and return it.

    None if the claim was extended or has ended in the meantime.
    """
    rows = connection.cursor(row_factory=class_row(Job))
    await rows.execute(
        """
        update jobs set updated_at = now()
        where id = %(id)s and claim_id = %(claim_id)s
            and status = 'processing' and lease_until < now()
        returning *
        """,
        {"id": job_id, "claim_id": claim_id},
    )
    return await rows.fetchone()


async def overdue(connection: Connection, *, limit: int) -> list[UUID]:
    """Return unfinished jobs past their expiry; the most recently tried come last."""
    rows = await connection.execute(
        """
        select id from jobs
        where status in ('queued', 'processing') and expires_at < now()
        order by updated_at
        limit %(limit)s
        """,
        {"limit": limit},
    )
    return [row["id"] for row in await rows.fetchall()]


async def postpone(connection: Connection, job_id: UUID) -> None:
    """Move an unfinished job that could not be expired to the end of ``overdue``."""
    await connection.execute(
        """
        update jobs set updated_at = now()
        where id = %(id)s and status in ('queued', 'processing')
        """,
        {"id": job_id},
    )


async def delete_expired_assets(connection: Connection, *, limit: int) -> list[tuple[str, ...]]:
    """Delete up to ``limit`` expired assets; return the paths of the files of each to delete."""
    rows = await connection.execute(
        """
        with expired as materialized (
            select id from workspace_assets
            where expires_at < now() and promotion <> 'pending'
                and (saving_until is null or saving_until < now())
            limit %(limit)s
            for update skip locked
        ), gone as (
            delete from workspace_assets using expired
            where workspace_assets.id = expired.id
            returning workspace_assets.id, user_id, temp_storage_path, thumbnail_path
        ), remembered as (
            insert into discarded_assets (asset_id, user_id)
            select id, user_id from gone
            on conflict (asset_id) do nothing
        )
        select temp_storage_path, thumbnail_path from gone
        """,
        {"limit": limit},
    )
    return [
        tuple(path for path in row.values() if path is not None) for row in await rows.fetchall()
    ]


async def delete_old_receipts(connection: Connection, *, limit: int) -> int:
    """Delete receipts of callbacks that cannot be replayed, since their timestamps are too old."""
    rows = await connection.execute(
        """
        with old as materialized (
            select webhook_id from webhook_receipts
            where created_at < now() - interval '25 hours'
            limit %(limit)s
            for update skip locked
        )
        delete from webhook_receipts using old
        where webhook_receipts.webhook_id = old.webhook_id
        """,
        {"limit": limit},
    )
    return rows.rowcount


async def delete_old_discards(connection: Connection, *, limit: int) -> int:
    """Delete records of assets discarded over 30 days ago; clients no longer retry those."""
    rows = await connection.execute(
        """
        with old as materialized (
            select asset_id from discarded_assets
            where created_at < now() - interval '30 days'
            limit %(limit)s
            for update skip locked
        )
        delete from discarded_assets using old
        where discarded_assets.asset_id = old.asset_id
        """,
        {"limit": limit},
    )
    return rows.rowcount


async def delete_old_deletions(connection: Connection, *, limit: int) -> int:
    """Delete records of library deletions over 30 days ago whose files are gone."""
    rows = await connection.execute(
        """
        with old as materialized (
            select library_asset_id from deleted_library_assets
            where created_at < now() - interval '30 days' and cleanup_after is null
            limit %(limit)s
            for update skip locked
        )
        delete from deleted_library_assets using old
        where deleted_library_assets.library_asset_id = old.library_asset_id
        """,
        {"limit": limit},
    )
    return rows.rowcount


async def delete_idle_turns(connection: Connection, *, limit: int) -> int:
    """Delete the ``user_queues`` of users without open jobs, a day after their last dispatch."""
    rows = await connection.execute(
        """
        with idle as materialized (
            select queue, user_id from user_queues
            where waiting = 0 and running = 0 and last_dispatched_at < now() - interval '1 day'
            limit %(limit)s
            for update skip locked
        )
        delete from user_queues using idle
        where user_queues.queue = idle.queue and user_queues.user_id = idle.user_id
        """,
        {"limit": limit},
    )
    return rows.rowcount
