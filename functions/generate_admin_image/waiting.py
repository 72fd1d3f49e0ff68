"""Waits for a job's image: notified of changes, it reads the job from the database."""

import asyncio
from uuid import UUID

from shared.auth.authenticators import User
from shared.db.queries import jobs, workspace_assets
from shared.errors import ConflictError, NotFoundError
from shared.services import Services


async def wait_for_image(job_id: UUID, user: User, services: Services) -> str | None:
    """Wait until the job has finished, at most ``admin_image_wait_seconds`` of the settings.

    No database connection is held while waiting. A client that disconnects does not change the job.

    Returns:
        The image's path in the bucket workspace-temp; None if the job is still open.

    Raises:
        ConflictError: ``job_failed`` or ``job_cancelled``, with the reason.
        NotFoundError: The job does not exist, or its image has been removed since.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + services.settings.admin_image_wait_seconds
    with services.event_listener.subscribe(str(user.id)) as subscription:
        while not (path := await _poll(job_id, user, services)):
            if loop.time() >= until:
                break
            next_poll = min(until, loop.time() + services.settings.event_poll_seconds)
            while await subscription.wait(next_poll) is not None:
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
        raise NotFoundError("The image was generated but has been deleted since.")
    return asset.temp_storage_path
