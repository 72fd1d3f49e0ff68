"""Waiting for a job's picture: it is told when the job changes, and then it looks."""

import asyncio
from uuid import UUID

from shared.auth.authenticators import User
from shared.db.queries import jobs, workspace_assets
from shared.errors import ConflictError, NotFoundError
from shared.services import Services


async def wait_for_image(job_id: UUID, user: User, services: Services) -> str | None:
    """Where the job's picture lies in workspace-temp; None where it takes too long to wait for.

    Whoever waits holds no connection, and whoever goes away leaves the job as it is.

    Raises:
        ConflictError: ``job_failed`` or ``job_cancelled``, with the reason.
        NotFoundError: where the picture has been removed since.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + services.settings.admin_image_wait_seconds
    with services.event_listener.subscribe(str(user.id)) as subscription:
        while not (path := await _poll(job_id, user, services)):
            if loop.time() >= until:
                break
            next_look = min(until, loop.time() + services.settings.event_poll_seconds)
            while await subscription.wait(next_look) is not None:
                pass  # progress: the job still runs
    return path


async def _poll(job_id: UUID, user: User, services: Services) -> str | None:
    async with services.database.transaction() as connection:
        job = await jobs.get(connection, job_id)
        if job is None:
            raise NotFoundError
        if job.is_open:
            return None
        if job.status != "completed":
            raise ConflictError(
                f"The job {job.status}: {job.error_message}", code=f"job_{job.status}"
            )
        found = await workspace_assets.list_ids(connection, user_id=user.id, job_id=job_id, limit=1)
        asset = await workspace_assets.get(connection, found[0], user_id=user.id) if found else None
    if asset is None:
        raise NotFoundError("The picture was made, and has been removed since.")
    return asset.temp_storage_path
