"""Discarding: the row first, then the files; what is left the bucket's lifecycle mops up."""

from uuid import UUID

from shared.auth import User
from shared.errors import ConflictError, NotFoundError, UnavailableError
from shared.log import logger
from shared.queries import assets
from shared.services import Services


async def discard(asset_id: UUID, user: User, services: Services) -> None:
    """Remove an asset from the workspace; its library copy, where there is one, stays.

    Raises:
        NotFoundError: where it is not, and never was, the user's.
        ConflictError: while it is being saved.
    """
    async with services.database.transaction() as connection:
        gone = await assets.discard(connection, asset_id, user_id=user.id)
        if gone is None:
            if await assets.was_discarded(connection, asset_id, user_id=user.id):
                return
            if await assets.is_held(connection, asset_id, user_id=user.id):
                raise ConflictError("The asset is being saved; discard it after that.")
            raise NotFoundError
    await _delete_files(gone, services)


async def _delete_files(asset: assets.Asset, services: Services) -> None:
    bucket = services.settings.workspace_bucket
    try:
        for path in filter(None, (asset.temp_storage_path, asset.thumbnail_path)):
            await services.storage.delete(bucket, path)
    except UnavailableError:
        logger.warning("a discarded asset's file stays until its bucket's lifecycle ends it")
