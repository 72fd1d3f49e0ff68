"""Claims and heartbeats: lease a job to a worker and send it signed URLs."""

import asyncio

from psycopg.errors import UniqueViolation

from shared.auth.authenticators import Worker
from shared.contracts.job_catalog import JOB_TYPES
from shared.contracts.worker_protocol import (
    MAX_MANIFEST_BYTES,
    MAX_PREVIEW_BYTES,
    MAX_THUMBNAIL_BYTES,
    CallbackRequest,
    CallbackResponse,
    GenerationParams,
    ReferenceInput,
    ReferenceRole,
    UploadTarget,
)
from shared.db.connection import Connection
from shared.db.queries import callbacks, job_transitions, jobs
from shared.db.queries.callbacks import CallbackContext
from shared.errors import ConflictError, ForbiddenError, InvalidRequestError, NotFoundError
from shared.services import Services
from shared.storage import paths
from shared.storage.types import SignedUpload
from shared.telemetry import tracing

MIN_RUN_SECONDS = 5 * 60
MAX_RUN_SECONDS = 29 * 60
"""A minute less than the 30 minutes that Cloud Tasks waits for a response."""

HEARTBEATS_PER_LEASE = 6

_UPLOAD_GRACE_SECONDS = 10 * 60
"""How long past its deadline a claim's URLs stay valid, for the retries of a late upload."""

_STOP = CallbackResponse(
    message="Job has finished or was dispatched again; stop working on it.", proceed=False
)


async def claim(callback: CallbackRequest, worker: Worker, services: Services) -> CallbackResponse:
    """Lease the job to this claim.

    Returns:
        The upload targets, reference URLs and heartbeat interval; ``proceed`` is false if the job
        has finished or was dispatched again.

    Raises:
        NotFoundError: Job not found.
        ForbiddenError: The job is another user's, or was not dispatched to this worker.
        InvalidRequestError: The callback has no dispatch number.
        ConflictError: ``claimed`` or ``claim_id_used``, see ``_try_claim``.
    """
    async with services.database.autocommit() as connection:
        context = await standing(connection, callback, worker)
        before = job_of(context, callback)
        if not context.is_dispatched_to_worker:
            raise ForbiddenError("The job was not dispatched to this worker.")
        # Signing takes as long as claiming, so both run at once. The URLs are sent only if the
        # claim succeeds.
        is_claimed, response = await asyncio.gather(
            _try_claim(connection, before, callback, services),
            _claim_response(before, callback, services),
        )
    return response if is_claimed else _STOP


async def heartbeat(
    callback: CallbackRequest, worker: Worker, services: Services
) -> CallbackResponse:
    """Renew the claim's lease and store its progress.

    Returns:
        A response whose ``proceed`` is false if the claim has lost the job.

    Raises:
        NotFoundError: Job not found.
        ForbiddenError: The job is another user's, or the claim another worker's.
    """
    preview = paths.preview(callback.user_id, callback.job_id, callback.claim_id)
    async with services.database.autocommit() as connection:
        claimed_job(await standing(connection, callback, worker), callback)
        goes_on = await job_transitions.extend_lease(
            connection,
            callback.job_id,
            claim_id=callback.claim_id,
            lease_seconds=services.settings.lease_seconds,
            progress=callback.progress or 0.0,
            step=callback.step,
            steps=callback.steps,
            preview_path=preview if callback.preview else None,
        )
    return CallbackResponse(message="Heartbeat recorded.") if goes_on else _STOP


async def standing(
    connection: Connection, callback: CallbackRequest, worker: Worker
) -> CallbackContext:
    """Read what a callback needs in one query: its job, claim and earlier response."""
    return await callbacks.load_context(
        connection,
        job_id=callback.job_id,
        claim_id=callback.claim_id,
        key_id=worker.key_id,
        webhook_id=worker.message_id,
    )


def job_of(context: CallbackContext, callback: CallbackRequest) -> jobs.Job:
    """Return the current state of a callback's job.

    Raises:
        NotFoundError: Job not found.
        ForbiddenError: The job's user is not the one that the callback names.
    """
    if context.job is None:
        raise NotFoundError("Job not found.")
    if context.job.user_id != callback.user_id:
        raise ForbiddenError("The job does not belong to the user in userId.")
    return context.job


def claimed_job(context: CallbackContext, callback: CallbackRequest) -> jobs.Job:
    """Return a callback's job, which this worker must have claimed under the callback's claim id.

    Raises:
        NotFoundError: Job not found.
        ForbiddenError: The job is another user's, or the claim another worker's.
    """
    job = job_of(context, callback)
    if not context.is_claimed_by_worker:
        raise ForbiddenError("The claim does not belong to this worker.")
    return job


async def _try_claim(
    connection: Connection, before: jobs.Job, callback: CallbackRequest, services: Services
) -> bool:
    """Claim the job; True if this claim holds it now, False if the worker should drop the task.

    Raises:
        InvalidRequestError: The callback has no dispatch number.
        ConflictError: ``claimed``: another claim holds the job, and the task stays in its queue
            because that claim's lease may expire. ``claim_id_used``: another job was claimed with
            this claim id.
    """
    dispatch_no = callback.dispatch_no
    if dispatch_no is None:
        raise InvalidRequestError("A claim must contain the dispatchNo of its job message.")
    try:
        claimed = await job_transitions.claim(
            connection,
            callback.job_id,
            claim_id=callback.claim_id,
            dispatch_no=dispatch_no,
            lease_seconds=services.settings.lease_seconds,
            run_seconds=_run_seconds(before),
        )
    except UniqueViolation:
        raise ConflictError(
            "claimId was already used by another claim.", code="claim_id_used"
        ) from None
    if claimed:
        return True
    now = await jobs.get(connection, callback.job_id)
    if now is None or now.status != "processing" or now.dispatch_no != dispatch_no:
        return False
    if now.claim_id != callback.claim_id:
        raise ConflictError("Another claim runs this job.", code="claimed")
    return True


async def _claim_response(
    job: jobs.Job, callback: CallbackRequest, services: Services
) -> CallbackResponse:
    """Sign the URLs of a claim. A repeated claim gets the same paths."""
    ids = (job.user_id, job.id, callback.claim_id)
    with tracing.span("sign addresses"):
        uploads, references, manifest, preview = await asyncio.gather(
            asyncio.gather(*(_upload(job, callback, i, services) for i in range(job.num_images))),
            asyncio.gather(*(_reference(job, role, services) for role in job.reference_roles)),
            _sign_upload(
                job, paths.manifest(*ids), "application/json", MAX_MANIFEST_BYTES, services
            ),
            _sign_upload(
                job,
                paths.preview(*ids),
                paths.THUMBNAIL_TYPE,
                MAX_PREVIEW_BYTES,
                services,
                replaces=True,
            ),
        )
    return CallbackResponse(
        message="Job claimed.",
        heartbeat_seconds=services.settings.lease_seconds / HEARTBEATS_PER_LEASE,
        uploads=uploads,
        manifest_put_url=manifest.url,
        manifest_headers=manifest.headers,
        preview_put_url=preview.url,
        preview_headers=preview.headers,
        references=references,
    )


async def _upload(
    job: jobs.Job, callback: CallbackRequest, index: int, services: Services
) -> UploadTarget:
    mime_type = paths.MIME_TYPES[job.format]
    path = paths.asset(job.user_id, job.id, callback.claim_id, index, mime_type)
    thumbnail_path = paths.asset_thumbnail(job.user_id, job.id, callback.claim_id, index)
    asset, thumbnail = await asyncio.gather(
        _sign_upload(job, path, mime_type, JOB_TYPES[job.job_type].max_bytes, services),
        _sign_upload(job, thumbnail_path, paths.THUMBNAIL_TYPE, MAX_THUMBNAIL_BYTES, services),
    )
    return UploadTarget(
        asset_index=index,
        path=path,
        put_url=asset.url,
        headers=asset.headers,
        thumbnail_path=thumbnail_path,
        thumbnail_put_url=thumbnail.url,
        thumbnail_headers=thumbnail.headers,
    )


async def _reference(job: jobs.Job, role: ReferenceRole, services: Services) -> ReferenceInput:
    url = await services.storage.signed_url(
        services.settings.workspace_bucket,
        paths.reference(job.user_id, job.id, role),
        "GET",
        seconds=_run_seconds(job),
    )
    kind = GenerationParams.model_validate(job.parameters).reference_type
    return ReferenceInput(role=role, url=url, type=kind)


async def _sign_upload(
    job: jobs.Job,
    path: str,
    content_type: str,
    max_bytes: int,
    services: Services,
    *,
    replaces: bool = False,
) -> SignedUpload:
    return await services.storage.sign_upload(
        services.settings.workspace_bucket,
        path,
        seconds=_run_seconds(job) + _UPLOAD_GRACE_SECONDS,
        content_type=content_type,
        max_bytes=max_bytes,
        replaces=replaces,
    )


def _run_seconds(job: jobs.Job) -> float:
    """Return the time limit of one attempt: ten times the expected time, within the bounds."""
    expected = JOB_TYPES[job.job_type].expected_seconds * job.num_images
    return min(max(MIN_RUN_SECONDS, 10 * expected), MAX_RUN_SECONDS)
