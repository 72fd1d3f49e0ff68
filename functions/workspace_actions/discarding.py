"""Discards assets of the workspace."""

from shared.auth.authenticators import User
from shared.contracts.workspace import ActionResponse, DiscardAsset
from shared.library.discard import discard_asset
from shared.services import Services


async def discard(request: DiscardAsset, user: User, services: Services) -> ActionResponse:
    """Remove an asset from the workspace. A copy in the library stays.

    Raises:
        NotFoundError: The asset does not belong to the user and never did.
        ConflictError: The asset is being saved.
    """
    await discard_asset(request.asset_id, services, user_id=user.id)
    return ActionResponse(message="Asset discarded.")
