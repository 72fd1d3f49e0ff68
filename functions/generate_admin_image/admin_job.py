"""Create an admin's job, once per idempotency key, and wait for its image."""

import asyncio
from dataclasses import replace
from uuid import UUID

from shared.auth.authenticators import User
from shared.contracts.admin import AdminJob, AdminModel, GenerateAdminImageRequest
from shared.contracts.job_catalog import JOB_TYPES, Quality
from shared.contracts.worker_protocol import GenerationParams
from shared.db.queries import jobs, workspace_assets
from shared.db.queries.jobs import NewJob
from shared.errors import ConflictError, NotFoundError
from shared.http import HttpRequest, idempotency
from shared.http.idempotency import IdempotentRequest
from shared.jobs import dispatch, submit
from shared.services import Services

PRIORITY = 10
"""Dispatched before every user's jobs, which have priority 0."""

_JOB_TYPES: dict[tuple[AdminModel, Quality], str] = {
    ("sdxl", "fast"): "sdxl_image_fast",
    ("sdxl", "high"): "sdxl_image_high",
    ("wan", "fast"): "image_fast",
    ("wan", "high"): "image_high",
}


async def create_admin_job(
    call: HttpRequest, request: GenerateAdminImageRequest, user: User, services: Services
) -> UUID:
    """Create the job, or find the one that was created with the same idempotency key.

    The key is stored with the job's id and not with a response: a repeated request waits for the
    same job again.

    Returns:
        The job's id.
    """

    async def act(once: IdempotentRequest) -> AdminJob:
        async with services.database.transaction() as connection:
            new = _build_job(request, user.id, services)
            await submit.submit_job(connection, new, services.settings, is_free=True)
            stored = AdminJob(job_id=new.id)
            await once.store_response(connection, stored)
        await dispatch.dispatch_jobs(services, new.queue)
        return stored

    scope = idempotency.key_scope(
        call.headers.get(idempotency.HEADER),
        user_id=user.id,
        endpoint="generate_admin_image",
        body=await call.body(),
    )
    return AdminJob.model_validate(await idempotency.run_once(act, scope, services)).job_id


def _build_job(request: GenerateAdminImageRequest, user_id: UUID, services: Services) -> NewJob:
    row = JOB_TYPES[_JOB_TYPES[request.model_type, request.quality]]
    parameters = GenerationParams(
        prompt=request.prompt,
        steps=row.steps,
        guidance_scale=row.guidance_scale,
        seed=services.new_seed(),
    )
    job = submit.build_job(
        row,
        parameters,
        job_id=services.new_id(),
        user_id=user_id,
        prompt=request.prompt,
        metadata=request.model_dump(),
    )
    return replace(job, priority=PRIORITY)


async def wait_for_image(job_id: UUID, user: User, services: Services) -> str | None:
    """Wait for a job's image, at most ``admin_image_wait_seconds`` of the settings.

    No database connection is held while waiting. A client that disconnects does not change the job.

    Returns:
        The image's path in the bucket workspace-temp; None if the job is still open.

    Raises:
        ConflictError: ``job_failed`` or ``job_cancelled``, with the reason.
        NotFoundError: The job does not exist, or its image has been removed since.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + services.settings.admin_image_wait_seconds
    with services.event_listener.subscribe(str(user.id)) as subscription:
        while not (path := await _poll(job_id, user, services)):
            if loop.time() >= deadline:
                break
            next_poll = min(deadline, loop.time() + services.settings.event_poll_seconds)
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
        ids = await workspace_assets.list_ids(connection, user_id=user.id, job_id=job_id, limit=1)
        asset = await workspace_assets.get(connection, ids[0], user_id=user.id) if ids else None
    if asset is None:
        raise NotFoundError("The image was generated but has been deleted since.")
    return asset.temp_storage_path
