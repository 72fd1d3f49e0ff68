"""Saving: hold the asset, copy its files, then record the copy.

Each step may be cut off and done again: the target's path follows from the asset's id, an equal
copy that is there already is success, and one asset makes one row.
"""

import asyncio
from typing import NamedTuple
from uuid import UUID

from shared import paths
from shared.auth import User
from shared.contracts.workspace import SaveToLibrary
from shared.errors import NotFoundError
from shared.queries import assets, library
from shared.queries.connection import Connection
from shared.services import Services

SAVING_SECONDS = 300
"""How long expiry and discard leave an asset alone while it is copied."""


class Copies(NamedTuple):
    """The files of one asset, in the library."""

    path: str
    generation: int
    thumbnail_path: str | None


async def save(request: SaveToLibrary, user: User, services: Services) -> UUID:
    """The library asset's id; the same one however often, and at once, it is asked for."""
    async with services.database.transaction() as connection:
        saved = await library.saved_from(connection, request.asset_id, user_id=user.id)
        if saved:
            return saved
        await _check_collection(connection, request, user)
        asset = await assets.mark_saving(
            connection, request.asset_id, user_id=user.id, seconds=SAVING_SECONDS
        )
    if asset is None:
        raise NotFoundError
    copies = await _copy(asset, services)
    async with services.database.transaction() as connection:
        await assets.release(connection, asset.id)
        return await library.insert(
            connection,
            asset,
            storage_path=copies.path,
            thumbnail_path=copies.thumbnail_path,
            generation=copies.generation,
            custom_title=request.custom_title,
            collection_id=request.collection_id,
            tags=request.tags,
        )


async def _check_collection(connection: Connection, request: SaveToLibrary, user: User) -> None:
    collection = request.collection_id
    if collection and not await library.owns_collection(connection, collection, user_id=user.id):
        raise NotFoundError("There is no collection of yours by that id.")


async def _copy(asset: assets.Asset, services: Services) -> Copies:
    """Copy exactly the generations that were checked when the job completed."""
    path = paths.library(asset.user_id, asset.id, asset.mime_type)
    thumbnail_path = paths.library_thumbnail(asset.user_id, asset.id)
    files = [(asset.temp_storage_path, path, asset.generation)]
    if asset.thumbnail_path and asset.thumbnail_generation:
        files.append((asset.thumbnail_path, thumbnail_path, asset.thumbnail_generation))
    settings = services.settings
    stored = await asyncio.gather(
        *(
            services.storage.copy(
                (settings.workspace_bucket, source),
                (settings.library_bucket, target),
                generation=generation,
            )
            for source, target, generation in files
        )
    )
    if stored[0] is None or None in stored:
        raise NotFoundError("The asset's file is gone.")
    return Copies(path, stored[0].generation, thumbnail_path if len(files) > 1 else None)
