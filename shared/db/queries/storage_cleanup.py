"""Rows whose storage objects must be deleted, and those for which that is overdue.

A row that is taken becomes due again ten minutes later, unless it is finished. So concurrent sweeps
take different rows, a sweep that dies loses none, and rows that fail repeatedly come last.
"""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from shared.contracts.worker_protocol import ReferenceRole
from shared.db.connection import Connection
from shared.db.queries.job_state_machine import UPLOADS_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedJob:
    """A finished job, whose folder may contain more than its assets."""

    id: UUID
    user_id: UUID
    kept_references: list[ReferenceRole]
    """References of a job that may be retried: a failed job, or a cancelled retry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedCopy:
    """A copy that was not recorded; without a source it was abandoned."""

    target_id: UUID
    user_id: UUID
    source_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedAsset:
    """A deleted library asset."""

    library_asset_id: UUID
    storage_path: str
    thumbnail_path: str | None


async def take_jobs(connection: Connection, *, limit: int) -> list[FinishedJob]:
    """Take up to ``limit`` jobs whose folders are to be cleaned up."""
    rows = connection.cursor(row_factory=class_row(FinishedJob))
    await rows.execute(
        """
        with due as materialized (
            select id from jobs
            where cleanup_after <= now() and status in ('completed', 'failed', 'cancelled')
            order by cleanup_after
            limit %(limit)s
            for update skip locked
        )
        update jobs set cleanup_after = now() + interval '10 minutes'
        from due
        where jobs.id = due.id
        returning jobs.id, user_id, case
            when status = 'failed' or status = 'cancelled' and retry_of is not null
            then reference_roles else '{}'
        end as kept_references
        """,
        {"limit": limit},
    )
    return await rows.fetchall()


async def files_of_assets(connection: Connection, job_id: UUID) -> set[str]:
    """Return the paths of the files of a job's assets."""
    rows = await connection.execute(
        "select temp_storage_path, thumbnail_path from workspace_assets where job_id = %(id)s",
        {"id": job_id},
    )
    return {path for row in await rows.fetchall() for path in row.values() if path}


async def finish_job(connection: Connection, job_id: UUID) -> None:
    """Mark a job's folder as clean. It is due once more after the last possible upload."""
    await connection.execute(
        """
        update jobs set cleanup_after = case
            when now() < completed_at + make_interval(secs => %(seconds)s)
            then completed_at + make_interval(secs => %(seconds)s)
        end
        where id = %(id)s
        """,
        {"id": job_id, "seconds": UPLOADS_SECONDS},
    )


async def take_unfinished(connection: Connection, *, limit: int) -> list[UnfinishedCopy]:
    """Take up to ``limit`` copies that were started a day ago or abandoned."""
    rows = connection.cursor(row_factory=class_row(UnfinishedCopy))
    await rows.execute(
        """
        with due as materialized (
            select target_id from unfinished_copies
            where cleanup_after <= now()
            order by cleanup_after
            limit %(limit)s
            for update skip locked
        )
        update unfinished_copies set cleanup_after = now() + interval '10 minutes'
        from due
        where unfinished_copies.target_id = due.target_id
        returning unfinished_copies.target_id, user_id, source_id
        """,
        {"limit": limit},
    )
    return await rows.fetchall()


async def give_up(connection: Connection, target_id: UUID) -> bool:
    """Abandon a copy, so that it cannot be resumed or recorded. False while its source is locked.

    The caller must hold a row lock on the source, if it still exists.
    """
    rows = await connection.execute(
        """
        update unfinished_copies set source_id = null
        where target_id = %(target_id)s and not exists (
            select from workspace_assets
            where workspace_assets.id = source_id and saving_until > now()
        )
        """,
        {"target_id": target_id},
    )
    return rows.rowcount > 0


async def finish_unfinished(connection: Connection, target_id: UUID) -> None:
    """Delete the row of an abandoned copy whose files are deleted."""
    await connection.execute(
        "delete from unfinished_copies where target_id = %(target_id)s and source_id is null",
        {"target_id": target_id},
    )


async def take_deleted(connection: Connection, *, limit: int) -> list[DeletedAsset]:
    """Take up to ``limit`` deleted library assets whose files may still exist."""
    rows = connection.cursor(row_factory=class_row(DeletedAsset))
    await rows.execute(
        """
        with due as materialized (
            select library_asset_id from deleted_library_assets
            where cleanup_after <= now()
            order by cleanup_after
            limit %(limit)s
            for update skip locked
        )
        update deleted_library_assets set cleanup_after = now() + interval '10 minutes'
        from due
        where deleted_library_assets.library_asset_id = due.library_asset_id
        returning deleted_library_assets.library_asset_id, storage_path, thumbnail_path
        """,
        {"limit": limit},
    )
    return await rows.fetchall()


async def finish_deleted(connection: Connection, library_asset_id: UUID) -> None:
    """Mark the files of a deleted library asset as deleted."""
    await connection.execute(
        "update deleted_library_assets set cleanup_after = null where library_asset_id = %(id)s",
        {"id": library_asset_id},
    )


async def long_ended(connection: Connection, *, limit: int) -> list[FinishedJob]:
    """Return jobs that ended more than a day ago and whose folders are not cleaned up yet."""
    rows = connection.cursor(row_factory=class_row(FinishedJob))
    await rows.execute(
        """
        select id, user_id, case
            when status = 'failed' or status = 'cancelled' and retry_of is not null
            then reference_roles else '{}'
        end as kept_references
        from jobs
        where cleanup_after is not null and status in ('completed', 'failed', 'cancelled')
            and completed_at < now() - interval '1 day'
        order by cleanup_after
        limit %(limit)s
        """,
        {"limit": limit},
    )
    return await rows.fetchall()


async def long_unfinished(connection: Connection, *, limit: int) -> list[UnfinishedCopy]:
    """Return copies started over 25 hours ago, an hour past the time to abandon them."""
    rows = connection.cursor(row_factory=class_row(UnfinishedCopy))
    await rows.execute(
        """
        select target_id, user_id, source_id from unfinished_copies
        where created_at < now() - interval '25 hours'
        order by created_at
        limit %(limit)s
        """,
        {"limit": limit},
    )
    return await rows.fetchall()


async def long_deleted(connection: Connection, *, limit: int) -> list[DeletedAsset]:
    """Return library assets deleted more than a day ago whose files are not deleted yet."""
    rows = connection.cursor(row_factory=class_row(DeletedAsset))
    await rows.execute(
        """
        select library_asset_id, storage_path, thumbnail_path from deleted_library_assets
        where cleanup_after is not null and created_at < now() - interval '1 day'
        order by created_at
        limit %(limit)s
        """,
        {"limit": limit},
    )
    return await rows.fetchall()
