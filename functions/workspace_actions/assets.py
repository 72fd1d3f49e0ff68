"""Clearing: save, check the library's copy, and only then remove."""

import asyncio
from uuid import UUID

from shared.auth.authenticators import User
from shared.contracts.workspace import (
    ClearAsset,
    Cleared,
    ClearJob,
    ClearWorkspace,
    NotCleared,
    Saved,
)
from shared.db.queries import jobs, workspace_assets
from shared.errors import NotFoundError, Problem, UnavailableError
from shared.library import discard, save
from shared.services import Services

MOST_ASSETS = 500
"""A call clears so many at most, so that it ends well within the function's time."""

_AT_ONCE = 5
"""Half of a process's database connections: other requests go on."""


async def clear_asset(request: ClearAsset, user: User, services: Services) -> Saved:
    """One asset; again gives the same library asset."""
    outcome = await _clear(request.asset_id, user, services)
    return Saved(
        message="It is in your library, and gone from your workspace.",
        library_asset_id=outcome.kept.id,
    )


async def clear_job(request: ClearJob, user: User, services: Services) -> Cleared:
    """Every asset of a job."""
    async with services.database.transaction() as connection:
        job = await jobs.get(connection, request.job_id)
    if job is None or job.user_id != user.id:
        raise NotFoundError
    return await _clear_all(job.id, user, services)


async def clear_workspace(_: ClearWorkspace, user: User, services: Services) -> Cleared:
    """Every asset of the user."""
    return await _clear_all(None, user, services)


async def _clear(asset_id: UUID, user: User, services: Services) -> save.Outcome:
    outcome = await save.keep(services, asset_id, user_id=user.id)
    await save.check(services, outcome.kept)
    await discard.discard(asset_id, services, user_id=user.id, only_if_saved=True)
    return outcome


async def _clear_all(job_id: UUID | None, user: User, services: Services) -> Cleared:
    """Clear one after the other past single failures; without the storage, stop."""
    async with services.database.transaction() as connection:
        found = await workspace_assets.oldest(
            connection, user_id=user.id, job_id=job_id, most=MOST_ASSETS
        )
    results: list[save.Outcome | Problem] = []
    for start in range(0, len(found), _AT_ONCE):
        batch = found[start : start + _AT_ONCE]
        results += await asyncio.gather(*(_tried(one, user, services) for one in batch))
        if any(isinstance(result, UnavailableError) for result in results):
            break
    async with services.database.transaction() as connection:
        remaining = await workspace_assets.count(connection, user_id=user.id, job_id=job_id)
    return _told(dict(zip(found, results, strict=False)), remaining)


async def _tried(asset_id: UUID, user: User, services: Services) -> save.Outcome | Problem:
    try:
        return await _clear(asset_id, user, services)
    except Problem as problem:
        return problem


def _told(results: dict[UUID, save.Outcome | Problem], remaining: int) -> Cleared:
    errors = [
        NotCleared(asset_id=asset_id, error=result.sentence)
        for asset_id, result in results.items()
        if isinstance(result, Problem)
    ]
    saves = sum(result.is_new for result in results.values() if isinstance(result, save.Outcome))
    cleared = len(results) - len(errors)
    return Cleared(
        message=f"{cleared} are gone from your workspace, and in your library.",
        assets_processed=len(results),
        new_saves=saves,
        errors=errors,
        assets_remaining=remaining,
    )
