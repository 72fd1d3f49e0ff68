"""save_to_library, discard_asset, and clear_*: save, verify the copy, and only then remove."""

import asyncio
from uuid import UUID

from shared.auth.authenticators import User
from shared.contracts.workspace import (
    ActionResponse,
    ClearAsset,
    ClearError,
    ClearJob,
    ClearResponse,
    ClearWorkspace,
    DiscardAsset,
    SaveResponse,
    SaveToLibrary,
)
from shared.db.queries import jobs, workspace_assets
from shared.db.queries.library import AssetMetadata
from shared.errors import ApiError, NotFoundError, ServiceUnavailableError
from shared.library import discard, save
from shared.services import Services


async def save_to_library(request: SaveToLibrary, user: User, services: Services) -> SaveResponse:
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
    outcome = await save.save_asset(
        services,
        request.asset_id,
        user_id=user.id,
        labels=labels,
        without_settings=request.strip_settings,
    )
    return SaveResponse(
        message="Asset saved to library.", library_asset_id=outcome.library_asset.id
    )


async def discard_from_workspace(
    request: DiscardAsset, user: User, services: Services
) -> ActionResponse:
    """Remove an asset from the workspace. A copy in the library stays.

    Raises:
        NotFoundError: The asset does not belong to the user and never did.
        ConflictError: The asset is being saved.
    """
    await discard.discard_asset(request.asset_id, services, user_id=user.id)
    return ActionResponse(message="Asset discarded.")


MAX_ASSETS = 500
"""Per request, so that it ends well within the function's timeout."""

_AT_ONCE = 5
"""Half of a process's database connections, so that other requests are not blocked."""


async def clear_asset(request: ClearAsset, user: User, services: Services) -> SaveResponse:
    """Save one asset to the library and remove it from the workspace.

    A repeated request returns the same library asset.

    Raises:
        NotFoundError: The user has no such asset.
    """
    outcome = await _clear(request.asset_id, user, services)
    return SaveResponse(
        message="Asset saved to library and removed from workspace.",
        library_asset_id=outcome.library_asset.id,
    )


async def clear_job(request: ClearJob, user: User, services: Services) -> ClearResponse:
    """Clear every asset of a job, at most ``MAX_ASSETS``.

    Raises:
        NotFoundError: The user has no such job.
    """
    async with services.database.transaction() as connection:
        job = await jobs.get(connection, request.job_id)
    if job is None or job.user_id != user.id:
        raise NotFoundError
    return await _clear_all(job.id, user, services)


async def clear_workspace(_: ClearWorkspace, user: User, services: Services) -> ClearResponse:
    """Clear every asset in the user's workspace, at most ``MAX_ASSETS``."""
    return await _clear_all(None, user, services)


async def _clear(asset_id: UUID, user: User, services: Services) -> save.SaveResult:
    outcome = await save.save_asset(services, asset_id, user_id=user.id)
    await save.verify_library_file(services, outcome.library_asset)
    await discard.discard_asset(asset_id, services, user_id=user.id, only_if_saved=True)
    return outcome


async def _clear_all(job_id: UUID | None, user: User, services: Services) -> ClearResponse:
    """Clear the assets, five at a time. Failures are reported; an unavailable service stops it."""
    async with services.database.transaction() as connection:
        asset_ids = await workspace_assets.list_ids(
            connection, user_id=user.id, job_id=job_id, limit=MAX_ASSETS
        )
    results: list[save.SaveResult | ApiError] = []
    for start in range(0, len(asset_ids), _AT_ONCE):
        batch = asset_ids[start : start + _AT_ONCE]
        results += await asyncio.gather(*(_tried(asset_id, user, services) for asset_id in batch))
        if any(isinstance(result, ServiceUnavailableError) for result in results):
            break
    async with services.database.transaction() as connection:
        remaining = await workspace_assets.count(connection, user_id=user.id, job_id=job_id)
    return _response(dict(zip(asset_ids, results, strict=False)), remaining)


async def _tried(asset_id: UUID, user: User, services: Services) -> save.SaveResult | ApiError:
    try:
        return await _clear(asset_id, user, services)
    except ApiError as problem:
        return problem


def _response(results: dict[UUID, save.SaveResult | ApiError], remaining: int) -> ClearResponse:
    errors = [
        ClearError(asset_id=asset_id, error=result.message)
        for asset_id, result in results.items()
        if isinstance(result, ApiError)
    ]
    saves = sum(result.is_new for result in results.values() if isinstance(result, save.SaveResult))
    cleared = len(results) - len(errors)
    return ClearResponse(
        message=f"{cleared} assets saved to library and removed from workspace.",
        assets_processed=len(results),
        new_saves=saves,
        errors=errors,
        assets_remaining=remaining,
    )
