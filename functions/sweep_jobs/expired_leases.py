"""Recovers jobs whose lease expired: completes them from the manifest, or requeues them."""

import asyncio
from functools import partial

from pydantic import ValidationError

from functions.sweep_jobs.report import SweepJobsResponse
from functions.sweep_jobs.runner import for_each
from shared.contracts import webhook_signature
from shared.contracts.worker_protocol import MAX_MANIFEST_BYTES, CallbackRequest, SignedManifest
from shared.db.queries import expiry, job_transitions, jobs
from shared.errors import ApiError, ServiceUnavailableError
from shared.jobs import completion
from shared.services import Services
from shared.storage import paths
from shared.telemetry import tracing
from shared.telemetry.logs import bind, logger

_MAX_CLAIMS = 500
_MANIFEST_SECONDS = 5
"""For reading one manifest and checking its objects; a third of the step's time."""

_TOO_LONG = "The job exceeded its time limit and was stopped."
_LOST = "All attempts failed because the workers stopped responding."


async def recover_expired_leases(
    services: Services, done: SweepJobsResponse, *, max_claims: int = _MAX_CLAIMS
) -> None:
    """End every claim whose lease has expired: complete its job, requeue it or fail it.

    A job past its deadline ends whatever its manifest contains. While the storage is unavailable,
    the next sweep retries, until ``expiry.UNREADABLE_SECONDS`` after the deadline.

    Args:
        services: the process's services.
        done: the counters ``completed_from_manifest``, ``sent_back`` and ``failed`` are updated.
        max_claims: limit of one sweep.
    """
    async with services.database.transaction() as connection:
        expired = await expiry.expired_claims(connection, limit=max_claims)
    await for_each(partial(_recover, services, done), expired)


async def _recover(
    services: Services, done: SweepJobsResponse, expired: expiry.ExpiredClaim
) -> None:
    bind(job_id=str(expired.job_id), claim_id=str(expired.claim_id))
    async with services.database.transaction() as connection:
        job = await expiry.postpone_expired_claim(
            connection, expired.job_id, claim_id=expired.claim_id
        )
    if job is None:
        return
    if await _complete_from_manifest(services, job, expired):
        done.completed_from_manifest += 1
        return
    reason = _TOO_LONG if expired.is_past_deadline else _LOST
    async with services.database.transaction() as connection:
        claim = {"claim_id": expired.claim_id}
        requeued = await job_transitions.requeue_expired_claim(connection, expired.job_id, **claim)
        failed = (
            None
            if requeued
            else await job_transitions.fail_expired_claim(
                connection, expired.job_id, **claim, reason=reason
            )
        )
    if job := requeued or failed:
        _log_recovery("lease expired", job)
    done.sent_back += requeued is not None
    done.failed += failed is not None


def _log_recovery(what: str, job: jobs.Job) -> None:
    """Record an event in the job's trace, and its metrics if the job has ended."""
    tracing.record_event(what, parent=job.traceparent, attributes={"ourvidz.job_id": str(job.id)})
    if not job.is_open:
        completion.record_job_ended(job)


async def _complete_from_manifest(
    services: Services, job: jobs.Job, expired: expiry.ExpiredClaim
) -> bool:
    """Complete the job with the same checks as for the callback that was lost.

    Returns:
        Whether the job was completed.

    Raises:
        ServiceUnavailableError: The storage or the database is unavailable, and the job may wait.
    """
    try:
        async with asyncio.timeout(_MANIFEST_SECONDS):
            ended = await _completed(services, job, expired)
    except (ServiceUnavailableError, TimeoutError) as error:
        if not expired.is_overdue:
            raise ServiceUnavailableError from error
        logger.warning("a manifest cannot be read, and its job is overdue")
        return False
    except ApiError as problem:
        logger.warning("a manifest is not valid", extra={"fields": {"code": problem.error_code}})
        return False
    except Exception:  # noqa: BLE001 - whatever a manifest holds, its job must end
        logger.error("a manifest could not be used", exc_info=True)
        return False
    if ended:
        _log_recovery("completed from the manifest", ended)
    return ended is not None


async def _completed(
    services: Services, job: jobs.Job, expired: expiry.ExpiredClaim
) -> jobs.Job | None:
    """Complete the job from its manifest. None without one, or if the job has ended meanwhile."""
    callback = await _read_manifest(services, expired)
    if callback is None:
        return None
    checked = await completion.validate_results(services, job, callback)
    async with services.database.transaction() as connection:
        return await completion.complete_job(connection, job.id, callback, checked)


async def _read_manifest(
    services: Services, expired: expiry.ExpiredClaim
) -> CallbackRequest | None:
    """Read the completed callback that a worker stored in the bucket; None without a valid one."""
    path = paths.manifest(expired.user_id, expired.job_id, expired.claim_id)
    content = await services.storage.read(
        services.settings.workspace_bucket, path, max_bytes=MAX_MANIFEST_BYTES
    )
    if content is None:
        return None
    try:
        manifest = SignedManifest.model_validate_json(content)
        body = manifest.body.encode()
        keys = services.settings.worker_keys_for(expired.key_id)
        webhook_signature.verify(
            keys, manifest.headers, body, now=services.clock(), tolerance_seconds=None
        )
        callback = CallbackRequest.model_validate_json(body)
    except (ValidationError, webhook_signature.InvalidSignatureError):
        return None
    claim = (callback.job_id, callback.claim_id, callback.status)
    return callback if claim == (expired.job_id, expired.claim_id, "completed") else None
