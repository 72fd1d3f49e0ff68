"""user_library: what was worth keeping."""

from uuid import UUID

from psycopg.types.json import Jsonb

from shared.queries.assets import Asset
from shared.queries.connection import Connection, one


async def saved_from(connection: Connection, asset_id: UUID, *, user_id: UUID) -> UUID | None:
    """The library asset that a workspace asset was saved as."""
    rows = await connection.execute(
        """
        select id from user_library
        where source_asset_id = %(asset_id)s and user_id = %(user_id)s
        """,
        {"asset_id": asset_id, "user_id": user_id},
    )
    row = await rows.fetchone()
    return row["id"] if row else None


async def owns_collection(connection: Connection, collection_id: UUID, *, user_id: UUID) -> bool:
    """Whether that collection is the user's."""
    rows = await connection.execute(
        "select from user_collections where id = %(id)s and user_id = %(user_id)s",
        {"id": collection_id, "user_id": user_id},
    )
    return rows.rowcount > 0


async def insert(
    connection: Connection,
    asset: Asset,
    *,
    storage_path: str,
    thumbnail_path: str | None,
    generation: int,
    custom_title: str | None,
    collection_id: UUID | None,
    tags: list[str],
) -> UUID:
    """Record a copy that exists. Two saves of one asset make one row; both are given its id."""
    rows = await connection.execute(
        """
        insert into user_library (
            user_id, source_asset_id, asset_type, storage_path, thumbnail_path, file_size_bytes,
            mime_type, crc32c, generation, width, height, duration_seconds, generation_seed,
            original_prompt, model_used, generation_settings, collection_id, custom_title, tags
        ) values (
            %(user_id)s, %(source)s, %(asset_type)s, %(path)s, %(thumbnail)s, %(size)s,
            %(mime_type)s, %(crc32c)s, %(generation)s, %(width)s, %(height)s, %(duration)s,
            %(seed)s, %(prompt)s, %(model)s, %(settings)s, %(collection)s, %(title)s, %(tags)s
        )
        on conflict (source_asset_id) do update set updated_at = user_library.updated_at
        returning id
        """,
        {
            "user_id": asset.user_id,
            "source": asset.id,
            "asset_type": asset.asset_type,
            "path": storage_path,
            "thumbnail": thumbnail_path,
            "size": asset.file_size_bytes,
            "mime_type": asset.mime_type,
            "crc32c": asset.crc32c,
            "generation": generation,
            "width": asset.width,
            "height": asset.height,
            "duration": asset.duration_seconds,
            "seed": asset.generation_seed,
            "prompt": asset.original_prompt,
            "model": asset.model_used,
            "settings": Jsonb(asset.generation_settings),
            "collection": collection_id,
            "title": custom_title,
            "tags": tags,
        },
    )
    row = one(await rows.fetchone())
    return UUID(str(row["id"]))
