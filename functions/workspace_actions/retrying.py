"""Retrying: a failed job, once more, as a new one."""

from dataclasses import fields
from uuid import UUID

from shared import admission, dispatch, paths, safety
from shared.auth import User
from shared.contracts.jobs import JobRecord
from shared.contracts.letters import Parameters
from shared.contracts.workspace import JobTold, RetryJob
from shared.errors import ConflictError, NotFoundError
from shared.log import bind, traceparent
from shared.queries import jobs
from shared.queries.connection import Connection
from shared.services import Services


async def retry(request: RetryJob, user: User, services: Services) -> JobTold:
    """The retry that lives, or else a new one of what was last tried.

    Raises:
        NotFoundError: where the job is not the user's.
        ConflictError: ``not_failed``, where it did not fail; ``reference_gone``, where a picture
            that it starts from was kept too long ago.
    """
    bind(job_id=str(request.job_id))
    new_id = services.new_id()
    async with services.database.transaction() as connection:
        last = await _last_try(connection, request, user)
    if _is_to_be_tried(last, request):
        await _check(last, user, services)
        await _copy_references(last, new_id, services)
    async with services.database.transaction() as connection:
        last = await _last_try(connection, request, user)
        if not _is_to_be_tried(last, request):
            return _told(last, "It was tried again already.")
        job, _ = await admission.admit(connection, _anew(last, new_id), services.settings)
    await dispatch.fill(services, job.queue)
    return _told(job, "The job is queued again.")


async def _last_try(connection: Connection, request: RetryJob, user: User) -> jobs.Job:
    if not await jobs.lock(connection, request.job_id, user_id=user.id):
        raise NotFoundError
    return await jobs.last_retry(connection, request.job_id)


def _is_to_be_tried(last: jobs.Job, request: RetryJob) -> bool:
    """Whether the last try calls for another; a retry that was cancelled does as well."""
    if last.id == request.job_id and last.status != "failed":
        raise ConflictError("Only a failed job is tried again.", code="not_failed")
    return last.status in {"failed", "cancelled"}


def _anew(last: jobs.Job, new_id: UUID) -> jobs.NewJob:
    kept = {one.name: getattr(last, one.name) for one in fields(jobs.NewJob)}
    return jobs.NewJob(**{**kept, "id": new_id, "retry_of": last.id, "traceparent": traceparent()})


async def _check(last: jobs.Job, user: User, services: Services) -> None:
    """The rules, and what the user may ask for, may have changed since."""
    wanted = Parameters.model_validate(last.parameters)
    async with safety.watched(user.id, services):
        safety.check(wanted.prompt, field="jobId", negative=wanted.negative_prompt)
        await safety.check_mode(
            wanted.content_type,
            wanted.prompt,
            field="jobId",
            user_id=user.id,
            services=services,
        )


async def _copy_references(last: jobs.Job, new_id: UUID, services: Services) -> None:
    """Where the new job is then not stored, the bucket's lifecycle ends the copies."""
    bucket = services.settings.workspace_bucket
    for role in last.reference_roles:
        source, target = (paths.reference(last.user_id, job, role) for job in (last.id, new_id))
        stored = await services.storage.stat(bucket, source)
        if stored is None or not await services.storage.copy(
            (bucket, source), (bucket, target), generation=stored.generation
        ):
            raise ConflictError(
                "A picture that it starts from is gone; queue it anew.", code="reference_gone"
            )


def _told(job: jobs.Job, message: str) -> JobTold:
    return JobTold(message=message, job=JobRecord.model_validate(job))
