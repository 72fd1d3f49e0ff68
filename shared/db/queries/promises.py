"""Queries for the SLO metrics of a sweep: jobs, copies and deletions that are overdue."""

from psycopg.rows import class_row

from shared.db.connection import Connection, require_row
from shared.db.queries.storage_cleanup import DeletedAsset, FinishedJob, UnfinishedCopy


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
