"""user_library: saved assets."""

from dataclasses import dataclass, field
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shared.db.connection import Connection, require_row
from shared.db.queries.asset_copies import CopiedFiles
from shared.db.queries.workspace_assets import Asset


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryAsset:
    """The columns of ``user_library`` that describe an asset's files."""

    id: UUID
    user_id: UUID
    storage_path: str
    thumbnail_path: str | None
    file_size_bytes: int
    mime_type: str
    crc32c: str
    generation: int
    thumbnail_generation: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetMetadata:
    """Title, tags and collection of a library asset."""

    custom_title: str | None = None
    collection_id: UUID | None = None
    tags: list[str] = field(default_factory=list)


async def find_saved_copy(
    connection: Connection, asset_id: UUID, *, user_id: UUID
) -> LibraryAsset | None:
    """Return the library asset that a workspace asset was saved as, or copied from."""
    rows = connection.cursor(row_factory=class_row(LibraryAsset))
    await rows.execute(
        """
        select id, user_id, storage_path, thumbnail_path, file_size_bytes, mime_type, crc32c,
            generation, thumbnail_generation
        from user_library
        where user_id = %(user_id)s and (source_asset_id = %(asset_id)s or id = (
            select source_library_id from workspace_assets where id = %(asset_id)s))
        """,
        {"asset_id": asset_id, "user_id": user_id},
    )
    return await rows.fetchone()


async def lock(connection: Connection, library_id: UUID, *, user_id: UUID) -> LibraryAsset | None:
    """Lock and return a user's library asset until the transaction ends; None if missing."""
    rows = connection.cursor(row_factory=class_row(LibraryAsset))
    await rows.execute(
        """
        select id, user_id, storage_path, thumbnail_path, file_size_bytes, mime_type, crc32c,
            generation, thumbnail_generation
        from user_library
        where id = %(id)s and user_id = %(user_id)s
        for update
        """,
        {"id": library_id, "user_id": user_id},
    )
    return await rows.fetchone()


async def insert(
    connection: Connection,
    asset: Asset,
    labels: AssetMetadata,
    files: CopiedFiles,
    *,
    library_id: UUID,
) -> LibraryAsset:
    """Insert the row of a copied asset. A collection deleted in the meantime is left out."""
    rows = connection.cursor(row_factory=class_row(LibraryAsset))
    await rows.execute(
        """
        insert into user_library (
            id, user_id, source_asset_id, asset_type, storage_path, thumbnail_path,
            file_size_bytes, mime_type, crc32c, generation, thumbnail_generation, width, height,
            duration_seconds, generation_seed, original_prompt, model_used, generation_settings,
            collection_id, custom_title, tags
        ) values (
            %(id)s, %(user_id)s, %(source)s, %(asset_type)s, %(path)s, %(thumbnail)s, %(size)s,
            %(mime_type)s, %(crc32c)s, %(generation)s, %(thumbnail_generation)s, %(width)s,
            %(height)s, %(duration)s, %(seed)s, %(prompt)s, %(model)s, %(settings)s,
            (
                select id from user_collections
                where id = %(collection)s and user_id = %(user_id)s
                for key share
            ),
            %(title)s, %(tags)s
        )
        returning id, user_id, storage_path, thumbnail_path, file_size_bytes, mime_type, crc32c,
            generation, thumbnail_generation
        """,
        {
            "id": library_id,
            "user_id": asset.user_id,
            "source": asset.id,
            "asset_type": asset.asset_type,
            "path": files.path,
            "thumbnail": files.thumbnail_path,
            "size": files.size,
            "mime_type": asset.mime_type,
            "crc32c": files.crc32c,
            "generation": files.generation,
            "thumbnail_generation": files.thumbnail_generation,
            "width": asset.width,
            "height": asset.height,
            "duration": asset.duration_seconds,
            "seed": asset.generation_seed,
            "prompt": asset.original_prompt,
            "model": asset.model_used,
            "settings": Jsonb(asset.generation_settings),
            "collection": labels.collection_id,
            "title": labels.custom_title,
            "tags": labels.tags,
        },
    )
    return require_row(await rows.fetchone())


async def update(
    connection: Connection,
    library_id: UUID,
    labels: AssetMetadata,
    *,
    user_id: UUID,
    is_favorite: bool,
    changes: frozenset[str],
) -> bool:
    """Update only the columns named in ``changes``. False if the user has no such asset."""
    rows = await connection.execute(
        """
        update user_library
        set custom_title = case when 'custom_title' = any(%(changes)s)
                then %(title)s else custom_title end,
            tags = case when 'tags' = any(%(changes)s) then %(tags)s else tags end,
            is_favorite = case when 'is_favorite' = any(%(changes)s)
                then %(is_favorite)s else is_favorite end,
            collection_id = case when 'collection_id' = any(%(changes)s)
                then %(collection)s::uuid else collection_id end,
            updated_at = now()
        where id = %(id)s and user_id = %(user_id)s
        """,
        {
            "id": library_id,
            "user_id": user_id,
            "changes": list(changes),
            "title": labels.custom_title,
            "tags": labels.tags,
            "is_favorite": is_favorite,
            "collection": labels.collection_id,
        },
    )
    return rows.rowcount > 0


async def delete(
    connection: Connection, library_id: UUID, *, user_id: UUID
) -> tuple[str, ...] | None:
    """Delete an asset's row, record the deletion, and return the paths of its files.

    Repeated calls return the same paths. None if the user never had such an asset.
    """
    ids = {"id": library_id, "user_id": user_id}
    await connection.execute(
        """
        with gone as (
            delete from user_library where id = %(id)s and user_id = %(user_id)s
            returning id, user_id, storage_path, thumbnail_path
        )
        insert into deleted_library_assets
            (library_asset_id, user_id, storage_path, thumbnail_path)
        select * from gone
        """,
        ids,
    )
    rows = await connection.execute(
        """
        select storage_path, thumbnail_path from deleted_library_assets
        where library_asset_id = %(id)s and user_id = %(user_id)s
        """,
        ids,
    )
    row = await rows.fetchone()
    return tuple(path for path in row.values() if path) if row else None
