"""unfinished_copies: copies in progress between workspace and library.

The asset is locked before its files are copied, and the copy is recorded afterwards. Each step
locks the source's row first, so that two of them cannot deadlock.
"""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from shared.db.connection import Connection, require_row
from shared.db.queries.workspace_assets import Asset


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedFiles:
    """The files of a copy, as stored in the bucket."""

    path: str
    size: int
    crc32c: str
    generation: int
    thumbnail_path: str | None = None
    thumbnail_generation: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A workspace asset that is to be saved to the library."""

    id: UUID
    user_id: UUID


async def begin(connection: Connection, source_id: UUID, *, user_id: UUID, target_id: UUID) -> UUID:
    """Return the id of the copy: that of an earlier attempt, else ``target_id``."""
    rows = await connection.execute(
        """
        insert into unfinished_copies (source_id, user_id, target_id)
        values (%(source_id)s, %(user_id)s, %(target_id)s)
        on conflict (source_id) do update set source_id = excluded.source_id
        returning target_id
        """,
        {"source_id": source_id, "user_id": user_id, "target_id": target_id},
    )
    return UUID(str(require_row(await rows.fetchone())["target_id"]))


async def finish(connection: Connection, source_id: UUID, *, target_id: UUID) -> bool:
    """End a copy, to record or abandon it. False if another request has ended it."""
    rows = await connection.execute(
        """
        delete from unfinished_copies
        where source_id = %(source_id)s and target_id = %(target_id)s
        """,
        {"source_id": source_id, "target_id": target_id},
    )
    return rows.rowcount > 0


async def lock_asset(connection: Connection, asset_id: UUID, *, user_id: UUID) -> Asset | None:
    """Lock and return a user's workspace asset until the transaction ends; None if missing."""
    rows = connection.cursor(row_factory=class_row(Asset))
    await rows.execute(
        "select * from workspace_assets where id = %(id)s and user_id = %(user_id)s for update",
        {"id": asset_id, "user_id": user_id},
    )
    return await rows.fetchone()


async def hold_asset(connection: Connection, asset_id: UUID, *, seconds: float) -> None:
    """Protect an asset from expiry and discard for ``seconds``, while it is copied."""
    await connection.execute(
        """
        update workspace_assets set saving_until = now() + make_interval(secs => %(seconds)s)
        where id = %(id)s
        """,
        {"id": asset_id, "seconds": seconds},
    )


async def release_asset(connection: Connection, asset_id: UUID) -> None:
    """Allow expiry and discard of an asset again, once it is in the library."""
    await connection.execute(
        """
        update workspace_assets
        set saving_until = null,
            promotion = case promotion when 'pending' then 'done' else promotion end
        where id = %(id)s and (saving_until is not null or promotion = 'pending')
        """,
        {"id": asset_id},
    )


async def pending(
    connection: Connection, *, job_id: UUID | None = None, limit: int
) -> list[Pending]:
    """Return assets to be saved, of one job or of all; those tried before come last."""
    rows = connection.cursor(row_factory=class_row(Pending))
    await rows.execute(
        """
        select id, user_id from workspace_assets
        where promotion = 'pending' and (%(job_id)s::uuid is null or job_id = %(job_id)s)
        order by saving_until nulls first, created_at
        limit %(limit)s
        """,
        {"job_id": job_id, "limit": limit},
    )
    return await rows.fetchall()


async def extend_workspace_copy(
    connection: Connection, library_id: UUID, *, user_id: UUID
) -> UUID | None:
    """Restart the seven days of a library asset's workspace copy; its id, None if there is none."""
    rows = await connection.execute(
        """
        update workspace_assets set expires_at = default
        where source_library_id = %(library_id)s and user_id = %(user_id)s
        returning id
        """,
        {"library_id": library_id, "user_id": user_id},
    )
    row = await rows.fetchone()
    return row["id"] if row else None


async def insert(
    connection: Connection, library_id: UUID, files: CopiedFiles, *, asset_id: UUID
) -> None:
    """Record the copy of a library asset in the workspace."""
    await connection.execute(
        """
        insert into workspace_assets (
            id, source_library_id, asset_index, temp_storage_path, thumbnail_path, generation,
            thumbnail_generation, user_id, asset_type, file_size_bytes, mime_type, crc32c, width,
            height, duration_seconds, generation_seed, original_prompt, model_used,
            generation_settings
        )
        select %(asset_id)s, id, 0, %(path)s, %(thumbnail_path)s, %(generation)s,
            %(thumbnail_generation)s, user_id, asset_type, file_size_bytes, mime_type, crc32c,
            width, height, duration_seconds, generation_seed, original_prompt, model_used,
            generation_settings
        from user_library where id = %(library_id)s
        """,
        {
            "library_id": library_id,
            "asset_id": asset_id,
            "path": files.path,
            "thumbnail_path": files.thumbnail_path,
            "generation": files.generation,
            "thumbnail_generation": files.thumbnail_generation,
        },
    )
