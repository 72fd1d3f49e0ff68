"""Saves assets to the library; they stay in the workspace as well."""

from shared.auth.authenticators import User
from shared.contracts.workspace import SaveResponse, SaveToLibrary
from shared.db.queries.library import AssetMetadata
from shared.library.save import save_asset
from shared.services import Services


async def save(request: SaveToLibrary, user: User, services: Services) -> SaveResponse:
    """Save an asset to the library.

    The request's labels, and whether the generation settings are removed from the file, apply only
    if the asset is new to the library. A repeated request returns the same library asset.

    Raises:
        NotFoundError: The user has no such asset or collection, or its file does not exist.
        ConflictError: A different object is stored at the copy's path.
    """
    labels = AssetMetadata(
        custom_title=request.custom_title, collection_id=request.collection_id, tags=request.tags
    )
    outcome = await save_asset(
        services,
        request.asset_id,
        user_id=user.id,
        labels=labels,
        without_settings=request.strip_settings,
    )
    return SaveResponse(
        message="Asset saved to library.", library_asset_id=outcome.library_asset.id
    )
