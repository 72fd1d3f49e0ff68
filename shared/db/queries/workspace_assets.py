"""workspace_assets: list, count and discard the outputs of jobs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row

from shared.contracts.job_catalog import MediaType
from shared.db.connection import Connection, require_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A row of ``workspace_assets``."""

    id: UUID
    created_at: datetime
    user_id: UUID
    job_id: UUID | None
    asset_index: int
    asset_type: MediaType
    temp_storage_path: str
    thumbnail_path: str | None
    file_size_bytes: int
    mime_type: str
    crc32c: str
    generation: int
    thumbnail_generation: int | None
    width: int | None
    height: int | None
    duration_seconds: float | None
    generation_seed: int | None
    original_prompt: str
    model_used: str
    generation_settings: dict[str, Any]
    promotion: Literal["none", "pending", "done"]
    saving_until: datetime | None
    expires_at: datetime
    source_library_id: UUID | None


async def get(connection: Connection, asset_id: UUID, *, user_id: UUID) -> Asset | None:
    """Return an asset of a user's workspace; None if it does not exist."""
    rows = connection.cursor(row_factory=class_row(Asset))
    await rows.execute(
        "select * from workspace_assets where id = %(id)s and user_id = %(user_id)s",
        {"id": asset_id, "user_id": user_id},
    )
    return await rows.fetchone()


async def list_ids(
    connection: Connection, *, user_id: UUID, job_id: UUID | None, limit: int
) -> list[UUID]:
    """Return the ids of a user's workspace assets, of one job or of all, oldest first."""
    rows = await connection.execute(
        """
        select id from workspace_assets
        where user_id = %(user_id)s and (%(job_id)s::uuid is null or job_id = %(job_id)s)
        order by created_at, asset_index
        limit %(limit)s
        """,
        {"user_id": user_id, "job_id": job_id, "limit": limit},
    )
    return [row["id"] for row in await rows.fetchall()]


async def count(connection: Connection, *, user_id: UUID, job_id: UUID | None) -> int:
    """Return the number of a user's workspace assets, of one job or of all."""
    rows = await connection.execute(
        """
        select count(*) as held from workspace_assets
        where user_id = %(user_id)s and (%(job_id)s::uuid is null or job_id = %(job_id)s)
        """,
        {"user_id": user_id, "job_id": job_id},
    )
    return int(require_row(await rows.fetchone())["held"])


async def discard(
    connection: Connection, asset_id: UUID, *, user_id: UUID, only_if_saved: bool = False
) -> Asset | None:
    """Delete an asset's row and record the discard. None if it may not be removed.

    It may not be removed while it is being saved or, with ``only_if_saved``, before it is saved.
    """
    rows = connection.cursor(row_factory=class_row(Asset))
    await rows.execute(
        """
        with gone as (
            delete from workspace_assets
            where id = %(id)s and user_id = %(user_id)s and promotion <> 'pending'
                and (saving_until is null or saving_until < now())
                and (not %(only_if_saved)s or exists (
                    select from user_library as kept
                    where kept.source_asset_id = workspace_assets.id
                        or kept.id = workspace_assets.source_library_id
                ))
            returning *
        ), remembered as (
            insert into discarded_assets (asset_id, user_id)
            select id, user_id from gone
            on conflict (asset_id) do nothing
        )
        select * from gone
        """,
        {"id": asset_id, "user_id": user_id, "only_if_saved": only_if_saved},
    )
    return await rows.fetchone()


async def was_discarded(connection: Connection, asset_id: UUID, *, user_id: UUID) -> bool:
    """Return whether the user had the asset and it was discarded or expired."""
    rows = await connection.execute(
        "select from discarded_assets where asset_id = %(id)s and user_id = %(user_id)s",
        {"id": asset_id, "user_id": user_id},
    )
    return rows.rowcount > 0


async def is_visible(
    connection: Connection, bucket: Literal["workspace-temp", "user-library"], path: str
) -> bool:
    """Return whether the caller may read the object at ``path``, under the caller's role."""
    if bucket == "workspace-temp":
        rows = await connection.execute(
            """
            select from workspace_assets
            where temp_storage_path = %(path)s or thumbnail_path = %(path)s
            """,
            {"path": path},
        )
    else:
        rows = await connection.execute(
            "select from user_library where storage_path = %(path)s or thumbnail_path = %(path)s",
            {"path": path},
        )
    return rows.rowcount > 0
