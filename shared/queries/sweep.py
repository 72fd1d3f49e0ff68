"""What time has done to jobs and assets: each statement bounded, and safe to run twice at once."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from shared.queries.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class LapsedClaim:
    """A claim whose worker has not been heard of."""

    job_id: UUID
    user_id: UUID
    claim_id: UUID
    key_id: str
    is_past_deadline: bool


async def clear_unclaimed(connection: Connection, *, most: int) -> int:
    """Give back the slots of jobs that nobody claimed in time; they wait for another turn."""
    rows = await connection.execute(
        """
        update jobs set dispatched_at = null, claim_by = null, updated_at = now()
        where id in (
            select id from jobs
            where status = 'queued' and dispatched_at is not null and claim_by < now()
            limit %(most)s
            for update skip locked
        )
        """,
        {"most": most},
    )
    return rows.rowcount


async def lapsed_claims(connection: Connection, *, most: int) -> list[LapsedClaim]:
    """Jobs whose lease has run out, longest first."""
    rows = connection.cursor(row_factory=class_row(LapsedClaim))
    await rows.execute(
        """
        select jobs.id as job_id, user_id, claim_id, key_id,
            deadline_at < now() as is_past_deadline
        from jobs join workers on workers.id = jobs.worker_id
        where status = 'processing' and lease_until < now()
        order by lease_until
        limit %(most)s
        """,
        {"most": most},
    )
    return await rows.fetchall()


async def is_lapsed(connection: Connection, job_id: UUID, *, claim_id: UUID) -> bool:
    """Lock the job and say whether that claim's lease is still out: a heartbeat may have come."""
    rows = await connection.execute(
        """
        select from jobs
        where id = %(id)s and status = 'processing' and claim_id = %(claim_id)s
            and lease_until < now()
        for update
        """,
        {"id": job_id, "claim_id": claim_id},
    )
    return rows.rowcount > 0


async def overdue(connection: Connection, *, most: int) -> list[UUID]:
    """Open jobs past the time by which they should have ended."""
    rows = await connection.execute(
        """
        select id from jobs
        where status in ('queued', 'processing') and expires_at < now()
        order by expires_at
        limit %(most)s
        """,
        {"most": most},
    )
    return [row["id"] for row in await rows.fetchall()]


async def delete_expired_assets(connection: Connection, *, most: int) -> list[tuple[str, ...]]:
    """Delete the rows of expired assets; the paths of the files that may follow."""
    rows = await connection.execute(
        """
        with gone as (
            delete from workspace_assets
            where id in (
                select id from workspace_assets
                where expires_at < now() and promotion <> 'pending'
                    and (saving_until is null or saving_until < now())
                limit %(most)s
                for update skip locked
            )
            returning id, user_id, temp_storage_path, thumbnail_path
        ), remembered as (
            insert into discarded_assets (asset_id, user_id)
            select id, user_id from gone
            on conflict (asset_id) do nothing
        )
        select temp_storage_path, thumbnail_path from gone
        """,
        {"most": most},
    )
    return [
        tuple(path for path in row.values() if path is not None) for row in await rows.fetchall()
    ]


async def delete_old_receipts(connection: Connection, *, most: int) -> int:
    """Forget letters that can no longer be replayed: their timestamps are long refused."""
    rows = await connection.execute(
        """
        delete from webhook_receipts
        where webhook_id in (
            select webhook_id from webhook_receipts
            where created_at < now() - interval '25 hours'
            limit %(most)s
            for update skip locked
        )
        """,
        {"most": most},
    )
    return rows.rowcount
