"""POST /workspace-actions: save, copy and delete assets, cancel and retry jobs."""

from collections.abc import Awaitable, Callable
from typing import Any

from functions.workspace_actions import assets, jobs, library
from shared.auth.authenticators import User, require_user
from shared.contracts import workspace as actions
from shared.http import endpoint
from shared.http.idempotency import IdempotentRequest
from shared.services import Services

Action = Callable[[Any, User, Services], Awaitable[actions.WorkspaceActionAnswer]]

ACTIONS: dict[type, Action] = {
    actions.SaveToLibrary: assets.save_to_library,
    actions.DiscardAsset: assets.discard_from_workspace,
    actions.ClearAsset: assets.clear_asset,
    actions.ClearJob: assets.clear_job,
    actions.ClearWorkspace: assets.clear_workspace,
    actions.CopyToWorkspace: library.copy_to_workspace,
    actions.UpdateLibraryAsset: library.update,
    actions.DeleteLibraryAsset: library.delete,
    actions.DeleteCollection: library.delete_collection,
    actions.CancelJob: jobs.cancel,
    actions.RetryJob: jobs.retry,
}


async def workspace_actions(
    request: actions.WorkspaceActionRequest, user: User, services: Services, once: IdempotentRequest
) -> actions.WorkspaceActionAnswer:
    """Run the action that the request names.

    An asset is cleared from the workspace only after its library copy exists and was verified.
    """
    action = request.root
    if isinstance(action, actions.CreateCollection):
        # Every other action is idempotent and needs no stored response.
        return await library.create_collection(action, user, services, once)
    return await ACTIONS[type(action)](action, user, services)


main = endpoint(workspace_actions, authenticate=require_user)
