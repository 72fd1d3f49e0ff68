"""Insert a job, reserve its credits and log its usage in one statement."""

from dataclasses import replace

from shared.db.connection import Connection
from shared.db.queries import credit_ledger, jobs
from shared.db.queries.jobs import InsertedJob
from shared.errors import NotEnoughCreditsError, TooManyRequestsError
from shared.settings import Settings

_FULL_RETRY_SECONDS = 30


async def submit_job(
    connection: Connection, new: jobs.NewJob, settings: Settings, *, is_free: bool = False
) -> InsertedJob:
    """Store a queued job, reserve its credits and log the usage.

    Args:
        connection: In a transaction.
        new: The job.
        settings: Provides the limit of queued jobs and the starting credits.
        is_free: Whether the job costs no credits and is exempt from the limit of queued jobs.

    Raises:
        NotEnoughCreditsError: The user's balance is too low.
        TooManyRequestsError: The user has ``max_queued_jobs_per_user`` jobs queued already.
    """
    priced = replace(new, credits=0) if is_free else new
    limit = None if is_free else settings.max_queued_jobs_per_user or None
    stored = await jobs.insert_job(connection, priced, max_queued=limit)
    if stored is None:
        # A new user has no profile yet. If another request is just creating it, this waits for it.
        await credit_ledger.grant(connection, new.user_id, amount=settings.starting_credits)
        stored = await jobs.insert_job(connection, priced, max_queued=limit)
    if stored is None and limit and await jobs.count_queued(connection, new.user_id) >= limit:
        raise TooManyRequestsError(
            f"You already have {limit} jobs queued; wait for some to start.",
            retry_after_seconds=_FULL_RETRY_SECONDS,
        )
    if stored is None:
        raise NotEnoughCreditsError(f"Not enough credits: this job costs {new.credits}.")
    return stored
