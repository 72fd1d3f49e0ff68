"""Creates the job of an admin's image, once per idempotency key."""

from uuid import UUID

from shared.auth.authenticators import User
from shared.contracts.admin import AdminJob, AdminModel, GenerateAdminImageRequest
from shared.contracts.job_catalog import JOB_TYPES, Quality
from shared.contracts.worker_protocol import GenerationParams
from shared.db.queries.jobs import NewJob
from shared.http import HttpRequest, idempotency
from shared.http.idempotency import IdempotentRequest
from shared.jobs import dispatch, submit
from shared.services import Services
from shared.telemetry.logs import traceparent

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
            job, _ = await submit.submit_job(connection, new, services.settings, is_free=True)
            stored = AdminJob(job_id=job.id)
            await once.store_response(connection, stored)
        await dispatch.dispatch_jobs(services, job.queue)
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
    return NewJob(
        id=services.new_id(),
        user_id=user_id,
        job_type=row.name,
        queue=row.queue,
        model_variant=row.model_variant,
        format=row.media,
        quality=row.quality,
        destination="workspace",
        metadata=request.model_dump(),
        original_prompt=request.prompt,
        enhanced_prompt=None,
        credits=row.credits,
        project_id=None,
        video_id=None,
        image_id=None,
        parameters=parameters.model_dump(mode="json", by_alias=True),
        num_images=1,
        traceparent=traceparent(),
        priority=PRIORITY,
    )
