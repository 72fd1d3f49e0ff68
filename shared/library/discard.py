"""Delete a workspace asset: row first, then its files.

The bucket's lifecycle rule deletes files that are left over.
"""

from uuid import UUID

from shared.db.queries import workspace_assets
from shared.errors import ConflictError, NotFoundError, ServiceUnavailableError
from shared.services import Services
from shared.telemetry.logs import logger


async def discard_asset(
    asset_id: UUID, services: Services, *, user_id: UUID, only_if_saved: bool = False
) -> None:
    """Delete the asset's row, then its files. Deleting it again succeeds.

    Raises:
        NotFoundError: The asset does not, and never did, belong to the user.
        ConflictError: The asset is being saved, or must be saved first.
    """
    async with services.database.transaction() as connection:
        gone = await workspace_assets.discard(
            connection, asset_id, user_id=user_id, only_if_saved=only_if_saved
        )
        if gone is None:
            if await workspace_assets.was_discarded(connection, asset_id, user_id=user_id):
                return
            raise _refusal(await workspace_assets.get(connection, asset_id, user_id=user_id))
    await _delete_files(gone, services)


def _refusal(asset: workspace_assets.Asset | None) -> ConflictError | NotFoundError:
    """Return the error for an asset that could not be removed."""
    if asset is None:
        return NotFoundError()
    if asset.promotion == "pending":
        return ConflictError("The asset is being saved to your library; remove it afterwards.")
    return ConflictError("The asset is being saved; remove it afterwards.")


async def _delete_files(asset: workspace_assets.Asset, services: Services) -> None:
    bucket = services.settings.workspace_bucket
    try:
        for path in filter(None, (asset.temp_storage_path, asset.thumbnail_path)):
            await services.storage.delete(bucket, path)
    except ServiceUnavailableError:
        logger.warning("a discarded asset's file stays until its bucket's lifecycle ends it")
