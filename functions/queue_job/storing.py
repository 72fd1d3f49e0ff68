"""Storing a job, its account and its answer: all in one transaction, or none of them."""

from dataclasses import replace

from shared.contracts.jobs import JobRecord, QueueJobDebug, QueueJobResponse
from shared.errors import NotEnoughCreditsError, TooManyError
from shared.queries import jobs, ledger, sessions, turns
from shared.queries.connection import Connection
from shared.settings import Settings

_FULL_RETRY_SECONDS = 30


async def store(connection: Connection, new: jobs.NewJob, session_name: str | None) -> jobs.Job:
    """The job, queued; in a session of its own where the client still names one."""
    if session_name is not None:
        session = await sessions.insert(connection, user_id=new.user_id, name=session_name)
        new = replace(new, workspace_session_id=session)
    return await jobs.insert(connection, new)


async def charge(connection: Connection, job: jobs.Job, settings: Settings) -> None:
    """Reserve the credits and note the use.

    Raises:
        NotEnoughCreditsError: where the balance is short.
        TooManyError: where the user has as many jobs queued as one may have.
    """
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


async def answer(connection: Connection, job: jobs.Job, message: str) -> QueueJobResponse:
    """What the client is told, with the queue as it stands."""
    return QueueJobResponse(
        job=JobRecord.model_validate(job),
        message=message,
        queue_length=await turns.count_open(connection, job.queue),
        model_variant=job.model_variant,
        workspace_session_id=job.workspace_session_id,
        debug=QueueJobDebug(
            user_id=job.user_id,
            has_prompt=True,
            destination=job.destination,
            workspace_session_created=job.workspace_session_id is not None,
        ),
    )
