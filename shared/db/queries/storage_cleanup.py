"""Files that are nobody's any more: after which rows to look now.

Whatever is taken comes up again ten minutes later, unless it was finished. So two sweeps at once
take different rows, a sweep that dies loses none, and one that fails again and again comes last.
"""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from shared.contracts.worker_protocol import ReferenceRole
from shared.db.connection import Connection
from shared.db.queries.job_state_machine import UPLOADS_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedJob:
    """A job that has ended, whose folder may hold more than its assets."""

    id: UUID
    user_id: UUID
    kept_references: list[ReferenceRole]
    """Those of a job that may be tried again: one that failed, or a retry that was cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedCopy:
    """A copy that nobody recorded; without a source it was given up."""

    target_id: UUID
    user_id: UUID
    source_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedAsset:
    """What was deleted from the library."""

    library_asset_id: UUID
    storage_path: str
    thumbnail_path: str | None


async def take_jobs(connection: Connection, *, limit: int) -> list[FinishedJob]:
    """Jobs whose folders are to be cleaned."""
    rows = connection.cursor(row_factory=class_row(FinishedJob))
    await rows.execute(
        """
        with due as materialized (
            select id from jobs
            where clean_after <= now() and status in ('completed', 'failed', 'cancelled')
            order by clean_after
            limit %(limit)s
            for update skip locked
        )
        update jobs set clean_after = now() + interval '10 minutes'
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
    """The paths in the job's folder that an asset names."""
    rows = await connection.execute(
        "select temp_storage_path, thumbnail_path from workspace_assets where job_id = %(id)s",
        {"id": job_id},
    )
    return {path for row in await rows.fetchall() for path in row.values() if path}


async def finish_job(connection: Connection, job_id: UUID) -> None:
    """Its folder is clean: once more when no upload can come any more, else for good."""
    await connection.execute(
        """
        update jobs set clean_after = case
            when now() < completed_at + make_interval(secs => %(seconds)s)
            then completed_at + make_interval(secs => %(seconds)s)
        end
        where id = %(id)s
        """,
        {"id": job_id, "seconds": UPLOADS_SECONDS},
    )


async def take_unfinished(connection: Connection, *, limit: int) -> list[UnfinishedCopy]:
    """Copies that were begun a day ago, and those that were given up."""
    rows = connection.cursor(row_factory=class_row(UnfinishedCopy))
    await rows.execute(
        """
        with due as materialized (
            select target_id from unfinished_copies
            where clean_after <= now()
            order by clean_after
            limit %(limit)s
            for update skip locked
        )
        update unfinished_copies set clean_after = now() + interval '10 minutes'
        from due
        where unfinished_copies.target_id = due.target_id
        returning unfinished_copies.target_id, user_id, source_id
        """,
        {"limit": limit},
    )
    return await rows.fetchall()


async def give_up(connection: Connection, target_id: UUID) -> bool:
    """No try takes that copy up again, nor records it. False while its source is held.

    The caller has locked the source, where there still is one.
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
    """The files of a copy that was given up are deleted."""
    await connection.execute(
        "delete from unfinished_copies where target_id = %(target_id)s and source_id is null",
        {"target_id": target_id},
    )


async def take_deleted(connection: Connection, *, limit: int) -> list[DeletedAsset]:
    """Deleted library assets whose files may still be there."""
    rows = connection.cursor(row_factory=class_row(DeletedAsset))
    await rows.execute(
        """
        with due as materialized (
            select library_asset_id from deleted_library_assets
            where clean_after <= now()
            order by clean_after
            limit %(limit)s
            for update skip locked
        )
        update deleted_library_assets set clean_after = now() + interval '10 minutes'
        from due
        where deleted_library_assets.library_asset_id = due.library_asset_id
        returning deleted_library_assets.library_asset_id, storage_path, thumbnail_path
        """,
        {"limit": limit},
    )
    return await rows.fetchall()


async def finish_deleted(connection: Connection, library_asset_id: UUID) -> None:
    """Its files are gone."""
    await connection.execute(
        "update deleted_library_assets set clean_after = null where library_asset_id = %(id)s",
        {"id": library_asset_id},
    )
