"""Cancels jobs: a job ends at once, and its worker stops at its next heartbeat."""

from shared.auth.authenticators import User, is_admin
from shared.contracts.jobs import JobRecord
from shared.contracts.workspace import CancelJob, JobResponse
from shared.db.queries import job_transitions, jobs
from shared.errors import ConflictError, NotFoundError
from shared.jobs import dispatch
from shared.services import Services
from shared.telemetry.logs import bind


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
