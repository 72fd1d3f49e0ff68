"""Build a job, and insert it: one statement reserves its credits and logs its usage."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from shared.contracts.job_catalog import JobType
from shared.contracts.worker_protocol import GenerationParams
from shared.db.connection import Connection
from shared.db.queries import credit_ledger, jobs
from shared.db.queries.jobs import InsertedJob, NewJob
from shared.errors import NotEnoughCreditsError, TooManyRequestsError
from shared.settings import Settings
from shared.telemetry.logs import traceparent

_FULL_RETRY_SECONDS = 30


def build_job(
    job_type: JobType,
    parameters: GenerationParams,
    *,
    job_id: UUID,
    user_id: UUID,
    prompt: str,
    metadata: dict[str, Any],
) -> NewJob:
    """Build a job of a type, in the trace of the current request.

    Args:
        job_type: its row of the catalog, which sets its queue, model and price.
        parameters: what the worker gets.
        job_id: of the new job.
        user_id: of the job's user.
        prompt: as the user wrote it.
        metadata: as the client sent it.
    """
    return NewJob(
        id=job_id,
        user_id=user_id,
        job_type=job_type.name,
        queue=job_type.queue,
        model_variant=job_type.model_variant,
        format=job_type.media,
        quality=job_type.quality,
        destination="workspace",
        metadata=metadata,
        original_prompt=prompt,
        credits=job_type.credits * parameters.num_images,
        parameters=parameters.model_dump(mode="json", by_alias=True),
        num_images=parameters.num_images,
        traceparent=traceparent(),
    )


async def submit_job(
    connection: Connection, new: NewJob, settings: Settings, *, is_free: bool = False
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
