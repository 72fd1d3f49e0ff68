"""Copies between workspace and library: the hold before the files, and the record after them.

Each step locks the source's row first, so that no two of them wait for each other.
"""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from shared.db.connection import Connection, require_row
from shared.db.queries.workspace_assets import Asset


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedFiles:
    """A copy's files, as their bucket holds them."""

    path: str
    size: int
    crc32c: str
    generation: int
    thumbnail_path: str | None = None
    thumbnail_generation: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An asset on its way to the library."""

    id: UUID
    user_id: UUID


async def begin(connection: Connection, source_id: UUID, *, user_id: UUID, target_id: UUID) -> UUID:
    """The id that the copy will have: an earlier try's, else ``target_id``."""
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
    """End the copy, to record it or to give it up. False where another has ended it."""
    rows = await connection.execute(
        """
        delete from unfinished_copies
        where source_id = %(source_id)s and target_id = %(target_id)s
        """,
        {"source_id": source_id, "target_id": target_id},
    )
    return rows.rowcount > 0


async def lock_asset(connection: Connection, asset_id: UUID, *, user_id: UUID) -> Asset | None:
    """The user's workspace asset, which nobody else changes until the transaction ends."""
    rows = connection.cursor(row_factory=class_row(Asset))
    await rows.execute(
        "select * from workspace_assets where id = %(id)s and user_id = %(user_id)s for update",
        {"id": asset_id, "user_id": user_id},
    )
    return await rows.fetchone()


async def hold_asset(connection: Connection, asset_id: UUID, *, seconds: float) -> None:
    """Keep expiry and discard from an asset while it is copied."""
    await connection.execute(
        """
        update workspace_assets set saving_until = now() + make_interval(secs => %(seconds)s)
        where id = %(id)s
        """,
        {"id": asset_id, "seconds": seconds},
    )


async def release_asset(connection: Connection, asset_id: UUID) -> None:
    """The asset is in the library: it may expire and be discarded again."""
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
    """What is to be promoted, of one job or of all; what was tried already comes last."""
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
    """The living copy of a library asset in the workspace, whose seven days begin anew."""
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
