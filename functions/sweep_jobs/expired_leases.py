"""Claims whose worker is not heard of any more: complete from the manifest, or send back."""

import asyncio
from functools import partial

from pydantic import ValidationError

from functions.sweep_jobs.report import SweepJobsResponse
from functions.sweep_jobs.runner import each
from shared.contracts import webhook_signature
from shared.contracts.upload_sizes import MAX_MANIFEST_BYTES
from shared.contracts.worker_protocol import CallbackRequest, SealedManifest
from shared.db.queries import job_transitions, jobs, retention
from shared.errors import Problem, UnavailableError
from shared.jobs import completion, metrics
from shared.services import Services
from shared.storage import paths
from shared.telemetry import tracing
from shared.telemetry.logs import bind, logger

_MOST_CLAIMS = 500
_MANIFEST_SECONDS = 5
"""For reading one manifest and checking its objects; a third of the part's time."""

_TOO_LONG = "It took too long, and was stopped."
_LOST = "Every attempt at it was lost; the workers that tried did not answer any more."


async def put_lapsed_right(
    services: Services, done: SweepJobsResponse, *, max_claims: int = _MOST_CLAIMS
) -> None:
    """End every claim whose lease has run out: complete its job, requeue it or fail it.

    Whatever its manifest holds, a job past its deadline ends. While the storage does not answer,
    the next sweep tries again, until ``sweep.UNREADABLE_SECONDS`` after the deadline.
    """
    async with services.database.transaction() as connection:
        lapsed = await retention.lapsed_claims(connection, most=max_claims)
    await each(partial(_rescue, services, done), lapsed)


async def _rescue(
    services: Services, done: SweepJobsResponse, lapsed: retention.LapsedClaim
) -> None:
    bind(job_id=str(lapsed.job_id), claim_id=str(lapsed.claim_id))
    async with services.database.transaction() as connection:
        job = await retention.try_lapsed(connection, lapsed.job_id, claim_id=lapsed.claim_id)
    if job is None:
        return
    if await _complete_from_manifest(services, job, lapsed):
        done.completed_from_manifest += 1
        return
    reason = _TOO_LONG if lapsed.is_past_deadline else _LOST
    async with services.database.transaction() as connection:
        claim = {"claim_id": lapsed.claim_id}
        sent_back = await job_transitions.lapse(connection, lapsed.job_id, **claim)
        failed = (
            None
            if sent_back
            else await job_transitions.give_up(connection, lapsed.job_id, **claim, reason=reason)
        )
    if job := sent_back or failed:
        _tell("claim lapsed", job)
    done.sent_back += sent_back is not None
    done.failed += failed is not None


def _tell(what: str, job: jobs.Job) -> None:
    """In the job's own trace, and to the metrics where it has ended."""
    tracing.record_event(what, parent=job.traceparent, attributes={"ourvidz.job_id": str(job.id)})
    if not job.is_open:
        metrics.job_ended(job)


async def _complete_from_manifest(
    services: Services, job: jobs.Job, lapsed: retention.LapsedClaim
) -> bool:
    """Complete the job under the same checks and guards as by the callback that was lost.

    Raises:
        UnavailableError: the storage or the database does not answer, and the job may wait.
    """
    try:
        async with asyncio.timeout(_MANIFEST_SECONDS):
            ended = await _completed(services, job, lapsed)
    except (UnavailableError, TimeoutError) as error:
        if not lapsed.is_overdue:
            raise UnavailableError from error
        logger.warning("a manifest cannot be read, and its job is overdue")
        return False
    except Problem as problem:
        logger.warning("a manifest does not hold", extra={"fields": {"code": problem.error_code}})
        return False
    except Exception:  # noqa: BLE001 - whatever a manifest holds, its job must end
        logger.error("a manifest could not be used", exc_info=True)
        return False
    if ended:
        _tell("completed from the manifest", ended)
    return ended is not None


async def _completed(
    services: Services, job: jobs.Job, lapsed: retention.LapsedClaim
) -> jobs.Job | None:
    """The job, completed; None without a manifest, or where it has ended meanwhile."""
    letter = await _read_manifest(services, lapsed)
    if letter is None:
        return None
    checked = await completion.check(services, job, letter)
    async with services.database.transaction() as connection:
        return await completion.record(connection, job.id, letter, checked)


async def _read_manifest(
    services: Services, lapsed: retention.LapsedClaim
) -> CallbackRequest | None:
    """The completed callback that a worker left in the bucket; None where there is none."""
    path = paths.manifest(lapsed.user_id, lapsed.job_id, lapsed.claim_id)
    content = await services.storage.read(
        services.settings.workspace_bucket, path, most_bytes=MAX_MANIFEST_BYTES
    )
    if content is None:
        return None
    try:
        manifest = SealedManifest.model_validate_json(content)
        body = manifest.body.encode()
        keys = services.settings.keys_of(lapsed.key_id)
        webhook_signature.check_seal(
            keys, manifest.headers, body, now=services.clock(), tolerance_seconds=None
        )
        letter = CallbackRequest.model_validate_json(body)
    except (ValidationError, webhook_signature.BadSealError):
        return None
    claim = (letter.job_id, letter.claim_id, letter.status)
    return letter if claim == (lapsed.job_id, lapsed.claim_id, "completed") else None
