"""Admitting a job: the row, its account and its use, in the caller's transaction or not at all."""

from dataclasses import replace
from typing import NamedTuple

from shared.errors import NotEnoughCreditsError, TooManyError
from shared.queries import jobs, ledger, turns
from shared.queries.connection import Connection
from shared.settings import Settings

_FULL_RETRY_SECONDS = 30


class Admitted(NamedTuple):
    """A stored job, and the line that it stands in."""

    job: jobs.Job
    line: turns.Line


async def admit(
    connection: Connection, new: jobs.NewJob, settings: Settings, *, is_free: bool = False
) -> Admitted:
    """Store the job, queued, reserve its credits and note the use.

    A free one has an account like any other, of no credits, and heeds no limit.

    Raises:
        NotEnoughCreditsError: where the balance is short.
        TooManyError: where the user has as many jobs queued as one may have.
    """
    asked = replace(new, credits=0) if is_free else new
    job = await jobs.insert(connection, asked)
    if job is None:
        # Where another request of a new user's is granting just now, this waits for it.
        await ledger.grant(connection, new.user_id, amount=settings.starting_credits)
        job = await jobs.insert(connection, asked)
    if job is None:
        raise NotEnoughCreditsError(f"This job costs {new.credits} credits; you have fewer.")
    # The profile's row is locked now, so the user's other requests wait: the count is exact.
    line = await turns.line(connection, job.queue, user_id=job.user_id)
    most = settings.queued_jobs_per_user
    if most and not is_free and line.queued_by_user > most:
        raise TooManyError(
            f"You have {most} jobs queued; wait for some to begin.",
            retry_after_seconds=_FULL_RETRY_SECONDS,
        )
    return Admitted(job, line)
