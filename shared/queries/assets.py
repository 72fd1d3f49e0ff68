"""workspace_assets: what jobs made, until it is saved, discarded or expired."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shared.contracts.catalogue import Media
from shared.contracts.letters import Asset as ReportedAsset
from shared.queries.connection import Connection
from shared.queries.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A row of ``workspace_assets``."""

    id: UUID
    created_at: datetime
    user_id: UUID
    job_id: UUID
    asset_index: int
    asset_type: Media
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


async def insert(
    connection: Connection,
    job: Job,
    asset: ReportedAsset,
    *,
    crc32c: str,
    generation: int,
    thumbnail_generation: int,
) -> None:
    """Record one asset of a job that has just completed, as the bucket holds it."""
    await connection.execute(
        """
        insert into workspace_assets (
            user_id, job_id, asset_index, asset_type, temp_storage_path, thumbnail_path,
            file_size_bytes, mime_type, crc32c, generation, thumbnail_generation, width, height,
            duration_seconds, generation_seed, original_prompt, model_used, generation_settings
        ) values (
            %(user_id)s, %(job_id)s, %(asset_index)s, %(asset_type)s, %(path)s, %(thumbnail)s,
            %(size)s, %(mime_type)s, %(crc32c)s, %(generation)s, %(thumbnail_generation)s,
            %(width)s, %(height)s, %(duration)s, %(seed)s, %(prompt)s, %(model)s, %(settings)s
        )
        """,
        {
            "user_id": job.user_id,
            "job_id": job.id,
            "asset_index": asset.asset_index,
            "asset_type": asset.asset_type,
            "path": asset.temp_storage_path,
            "thumbnail": asset.thumbnail_path,
            "size": asset.file_size_bytes,
            "mime_type": asset.mime_type,
            "crc32c": crc32c,
            "generation": generation,
            "thumbnail_generation": thumbnail_generation,
            "width": asset.width,
            "height": asset.height,
            "duration": asset.duration_seconds,
            "seed": asset.seed,
            "prompt": job.original_prompt,
            "model": job.model_variant,
            "settings": Jsonb(asset.generation_settings),
        },
    )


async def mark_saving(
    connection: Connection, asset_id: UUID, *, user_id: UUID, seconds: float
) -> Asset | None:
    """Hold an asset against expiry and discard while it is copied. None where it is not theirs."""
    rows = connection.cursor(row_factory=class_row(Asset))
    await rows.execute(
        """
        update workspace_assets set saving_until = now() + make_interval(secs => %(seconds)s)
        where id = %(id)s and user_id = %(user_id)s
        returning *
        """,
        {"id": asset_id, "user_id": user_id, "seconds": seconds},
    )
    return await rows.fetchone()


async def release(connection: Connection, asset_id: UUID) -> None:
    """The copy is recorded: the asset may expire and be discarded again."""
    await connection.execute(
        "update workspace_assets set saving_until = null where id = %(id)s", {"id": asset_id}
    )


async def discard(connection: Connection, asset_id: UUID, *, user_id: UUID) -> Asset | None:
    """Remove the row, and remember that it was theirs. None where it may not be removed."""
    rows = connection.cursor(row_factory=class_row(Asset))
    await rows.execute(
        """
        with gone as (
            delete from workspace_assets
            where id = %(id)s and user_id = %(user_id)s and promotion <> 'pending'
                and (saving_until is null or saving_until < now())
            returning *
        ), remembered as (
            insert into discarded_assets (asset_id, user_id)
            select id, user_id from gone
            on conflict (asset_id) do nothing
        )
        select * from gone
        """,
        {"id": asset_id, "user_id": user_id},
    )
    return await rows.fetchone()


async def is_held(connection: Connection, asset_id: UUID, *, user_id: UUID) -> bool:
    """Whether the user has that asset in the workspace now."""
    rows = await connection.execute(
        "select from workspace_assets where id = %(id)s and user_id = %(user_id)s",
        {"id": asset_id, "user_id": user_id},
    )
    return rows.rowcount > 0


async def was_discarded(connection: Connection, asset_id: UUID, *, user_id: UUID) -> bool:
    """Whether the user once had that asset, and it is gone."""
    rows = await connection.execute(
        "select from discarded_assets where asset_id = %(id)s and user_id = %(user_id)s",
        {"id": asset_id, "user_id": user_id},
    )
    return rows.rowcount > 0


async def is_visible(
    connection: Connection, bucket: Literal["workspace-temp", "user-library"], path: str
) -> bool:
    """Whether the caller, in their own role, may read the object at ``path``."""
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
