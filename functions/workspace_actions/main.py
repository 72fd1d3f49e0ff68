"""POST /workspace-actions: save to the library, discard; one body, told apart by its action."""

from functions.workspace_actions import discarding, saving
from shared.auth import User, user_token
from shared.contracts.workspace import Done, Saved, SaveToLibrary, WorkspaceActionRequest
from shared.http import endpoint
from shared.services import Services


async def workspace_actions(
    request: WorkspaceActionRequest, user: User, services: Services
) -> Saved | Done:
    """Nothing leaves the workspace before its library copy exists and is checked."""
    if isinstance(request, SaveToLibrary):
        library_asset_id = await saving.save(request, user, services)
        return Saved(message="It is in your library.", library_asset_id=library_asset_id)
    await discarding.discard(request.asset_id, user, services)
    return Done(message="It is gone from your workspace.")


main = endpoint(workspace_actions, caller=user_token)
