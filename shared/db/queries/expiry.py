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
