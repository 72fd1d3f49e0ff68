"""cancel_job: a job ends at once, and its worker at its next heartbeat; retry_job."""

from dataclasses import fields
from uuid import UUID

from shared import safety
from shared.auth.authenticators import User, is_admin
from shared.contracts.jobs import JobRecord
from shared.contracts.worker_protocol import GenerationParams
from shared.contracts.workspace import CancelJob, JobResponse, RetryJob
from shared.db.connection import Connection
from shared.db.queries import job_transitions, jobs
from shared.errors import ConflictError, NotFoundError, ServiceUnavailableError
from shared.http import rate_limit
from shared.jobs import dispatch, submit
from shared.services import Services
from shared.storage import paths
from shared.telemetry.logs import bind, logger, traceparent


async def cancel(request: CancelJob, user: User, services: Services) -> JobResponse:
    """Cancel a job, refund its credits and dispatch the next one. Admins may cancel any job.

    Cancelling a cancelled job again succeeds.

    Raises:
        NotFoundError: The user has no such job.
        ConflictError: ``ended``: the job has completed or failed already.
    """
    bind(job_id=str(request.job_id))
    async with services.database.transaction() as connection:
        job = await jobs.get(connection, request.job_id)
        if job is None or not (job.user_id == user.id or await is_admin(user, services)):
            raise NotFoundError
        reason = "Cancelled by the user." if job.user_id == user.id else "Cancelled by an admin."
        cancelled = await job_transitions.cancel(connection, job.id, reason=reason)
        job = cancelled or await jobs.get(connection, request.job_id)
    if job is None or job.status != "cancelled":
        raise ConflictError("Job has already finished.", code="ended")
    if cancelled:
        await dispatch.dispatch_jobs(services, job.queue)
    return JobResponse(message="Job cancelled.", job=JobRecord.model_validate(job))


async def retry(request: RetryJob, user: User, services: Services) -> JobResponse:
    """Queue a failed job again as a new job, or return the retry that is already open or completed.

    Raises:
        NotFoundError: The user has no such job.
        ConflictError: ``not_failed``: the job has not failed. ``reference_gone``: one of its
            reference images has expired.
        RateLimitedError: The user has queued as many jobs in this minute as the limit allows.
        ContentRefusedError: The safety rules refuse the prompt or its mode by now.
    """
    bind(job_id=str(request.job_id))
    new_id = services.new_id()
    async with services.database.transaction() as connection:
        last = await _latest_attempt(connection, request, user)
    if _needs_retry(last, request):
        await _check(last, user, services)
        job = await _queue(request, last, new_id, user, services)
    else:
        job = last
    if job.id != new_id:
        return _response(job, "Job was already retried.")
    await dispatch.dispatch_jobs(services, job.queue)
    return _response(job, "Job queued again.")


async def _queue(
    request: RetryJob, last: jobs.Job, new_id: UUID, user: User, services: Services
) -> jobs.Job:
    """Insert the retry; returns that of a concurrent request if there is one.

    The copies of the references are deleted if the new job is not stored. After a crash, or if it
    is unknown whether the job was stored, the bucket's lifecycle rule deletes them.
    """
    await _copy_references(last, new_id, services)
    try:
        async with services.database.transaction() as connection:
            job = await _latest_attempt(connection, request, user)
            if _needs_retry(job, request):
                await rate_limit.take_with(connection, "jobs", user.id, services.settings)
                retry = _retry_of(job, new_id)
                job = (await submit.submit_job(connection, retry, services.settings)).job
    except ServiceUnavailableError:
        raise
    except Exception:
        await _delete_references(last, new_id, services)
        raise
    if job.id != new_id:
        await _delete_references(last, new_id, services)
    return job


async def _latest_attempt(connection: Connection, request: RetryJob, user: User) -> jobs.Job:
    if not await jobs.lock(connection, request.job_id, user_id=user.id):
        raise NotFoundError
    return await jobs.latest_retry(connection, request.job_id)


def _needs_retry(last: jobs.Job, request: RetryJob) -> bool:
    """Whether the latest attempt has failed, or is a retry that was cancelled."""
    if last.id == request.job_id and last.status != "failed":
        raise ConflictError("Only failed jobs can be retried.", code="not_failed")
    return last.status in {"failed", "cancelled"}


def _retry_of(last: jobs.Job, new_id: UUID) -> jobs.NewJob:
    values = {field.name: getattr(last, field.name) for field in fields(jobs.NewJob)}
    values |= {"id": new_id, "retry_of": last.id, "traceparent": traceparent()}
    return jobs.NewJob(**values)


async def _check(last: jobs.Job, user: User, services: Services) -> None:
    """Check the prompt and mode again: the rules and the user's rights may have changed."""
    params = GenerationParams.model_validate(last.parameters)
    async with safety.recording_refusals(user.id, services):
        safety.check_prompt(params.prompt, field="jobId", negative=params.negative_prompt)
        await safety.check_mode(
            params.content_type,
            params.prompt,
            field="jobId",
            user_id=user.id,
            services=services,
        )


async def _copy_references(last: jobs.Job, new_id: UUID, services: Services) -> None:
    bucket = services.settings.workspace_bucket
    for role in last.reference_roles:
        source, target = (paths.reference(last.user_id, job, role) for job in (last.id, new_id))
        stored = await services.storage.get_metadata(bucket, source)
        if stored is None or not await services.storage.copy(
            (bucket, source), (bucket, target), generation=stored.generation
        ):
            raise ConflictError(
                "A reference image has expired; submit a new job.", code="reference_gone"
            )


async def _delete_references(last: jobs.Job, new_id: UUID, services: Services) -> None:
    try:
        for role in last.reference_roles:
            path = paths.reference(last.user_id, new_id, role)
            await services.storage.delete(services.settings.workspace_bucket, path)
    except ServiceUnavailableError:
        logger.warning(
            "a reference without a job was not deleted; the bucket's lifecycle rule will"
        )


def _response(job: jobs.Job, message: str) -> JobResponse:
    return JobResponse(message=message, job=JobRecord.model_validate(job))
