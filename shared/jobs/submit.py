"""Admitting a job: the row, its account and its use, at once or not at all."""

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
    """Store the job, queued, reserve its credits and note the use.

    A free one has an account like any other, of no credits, and heeds no limit.

    Raises:
        NotEnoughCreditsError: where the balance is short.
        TooManyRequestsError: where the user has as many jobs queued as one may have.
    """
    priced = replace(new, credits=0) if is_free else new
    limit = None if is_free else settings.max_queued_jobs_per_user or None
    stored = await jobs.insert_job(connection, priced, max_queued=limit)
    if stored is None:
        # Where another request of a new user's is granting just now, this waits for it.
        await credit_ledger.grant(connection, new.user_id, amount=settings.starting_credits)
        stored = await jobs.insert_job(connection, priced, max_queued=limit)
    if stored is None and limit and await jobs.count_queued(connection, new.user_id) >= limit:
        raise TooManyRequestsError(
            f"You have {limit} jobs queued; wait for some to begin.",
            retry_after_seconds=_FULL_RETRY_SECONDS,
        )
    if stored is None:
        raise NotEnoughCreditsError(f"This job costs {new.credits} credits; you have fewer.")
    return stored
