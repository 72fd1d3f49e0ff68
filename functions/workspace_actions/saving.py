"""Saving: the asset stays in the workspace, and is in the library from now on."""

from shared.auth.authenticators import User
from shared.contracts.workspace import SaveResponse, SaveToLibrary
from shared.db.queries.library import AssetMetadata
from shared.library.save import save_asset
from shared.services import Services


async def save(request: SaveToLibrary, user: User, services: Services) -> SaveResponse:
    """Keep an asset, with its labels, and without its settings, where it is new to the library."""
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
    return SaveResponse(message="It is in your library.", library_asset_id=outcome.library_asset.id)
