"""POST /queue-job: accept a generation request and hand it to a GPU worker."""

from functions.queue_job import routing, safety
from shared import dispatch
from shared.auth import User, user_token
from shared.contracts.jobs import (
    JobRecord,
    QueueJobDebug,
    QueueJobRequest,
    QueueJobResponse,
)
from shared.errors import NotEnoughCreditsError, TooManyError
from shared.http import endpoint
from shared.idempotency import Once
from shared.log import bind, traceparent
from shared.queries import jobs, ledger, turns
from shared.queries.connection import Connection
from shared.services import Services

_FULL_RETRY_SECONDS = 30


async def queue_job(
    request: QueueJobRequest, user: User, services: Services, once: Once
) -> QueueJobResponse:
    """Store the job, then dispatch: a job that is not stored is never run."""
    safety.check(request)
    new = routing.resolve(
        request,
        user_id=user.id,
        job_id=services.new_id(),
        seed=services.new_seed(),
        traceparent=traceparent(),
    )
    bind(job_id=str(new.id))
    async with services.database.transaction() as connection:
        job = await jobs.insert(connection, new)
        await _charge(connection, job, services)
        answer = await _answer(connection, request, job)
        await once.keep(connection, answer)
    await dispatch.fill(services, job.queue)
    return answer


async def _answer(
    connection: Connection, request: QueueJobRequest, job: jobs.Job
) -> QueueJobResponse:
    return QueueJobResponse(
        job=JobRecord.model_validate(job),
        message=routing.describe(request),
        queue_length=await turns.count_open(connection, job.queue),
        model_variant=job.model_variant,
        debug=QueueJobDebug(user_id=job.user_id, has_prompt=True, destination=job.destination),
    )


async def _charge(connection: Connection, job: jobs.Job, services: Services) -> None:
    """Reserve the credits and note the use; both fall with the job where that may not be."""
    settings = services.settings
    await ledger.grant(connection, job.user_id, amount=settings.starting_credits)
    if not await ledger.reserve(connection, user_id=job.user_id, job_id=job.id, amount=job.credits):
        raise NotEnoughCreditsError(f"This job costs {job.credits} credits; you have fewer.")
    # The profile's row is locked now, so the user's other requests wait: the count is exact.
    most = settings.queued_jobs_per_user
    if most and await jobs.count_queued(connection, job.user_id) > most:
        raise TooManyError(
            f"You have {most} jobs queued; wait for some to begin.",
            retry_after_seconds=_FULL_RETRY_SECONDS,
        )
    await ledger.log_usage(
        connection,
        user_id=job.user_id,
        job_id=job.id,
        action="queue_job",
        media=job.format,
        quality=job.quality,
        amount=job.credits,
    )


main = endpoint(queue_job, caller=user_token, status=202)
