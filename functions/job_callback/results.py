"""Completed and failed callbacks of a job."""

import hashlib

from functions.job_callback.claims import claimed_job, standing
from shared.auth.authenticators import Worker
from shared.contracts.worker_protocol import CallbackRequest, CallbackResponse, JobFailure
from shared.db.connection import Connection
from shared.db.queries import callbacks, job_transitions, jobs
from shared.db.queries.callbacks import Receipt
from shared.errors import ApiError, ConflictError
from shared.jobs import completion, dispatch
from shared.library import save
from shared.safety import output_check
from shared.services import Services
from shared.telemetry import logs, tracing

_ALREADY_FINISHED = CallbackResponse(message="Job has already finished.", proceed=False)
_ACKNOWLEDGED = CallbackResponse(message="Callback accepted.")


async def completed(
    callback: CallbackRequest, worker: Worker, services: Services
) -> CallbackResponse:
    """Validate every uploaded object, then complete the job.

    An older claim may complete the job too, as long as the job is open.

    Raises:
        NotFoundError: Job not found.
        ForbiddenError: The job is another user's, or the claim another worker's.
        InvalidRequestError: The results are not what the claim was to produce, or their safety
            check is missing.
        ConflictError: ``object_missing``: an object is missing from the bucket, or differs from the
            callback. ``id_reused``: another callback had this webhook id.
    """
    async with services.database.autocommit() as connection:
        context = await standing(connection, callback, worker)
    if context.receipt:
        return _replay_response(context.receipt, worker)
    job = claimed_job(context, callback)
    if not job.is_open:
        return _ALREADY_FINISHED
    with tracing.span("check objects", "client"):
        checked = await completion.validate_results(services, job, callback)
    async with services.database.autocommit() as connection:
        ended = await completion.complete_job(
            connection, job.id, callback, checked, _receipt(worker, _ACKNOWLEDGED)
        )
    if ended:
        completion.record_job_ended(ended, callback_visible_seconds=logs.request_seconds())
    await dispatch.dispatch_jobs(services, job.queue)
    if job.destination == "library":
        await _save_to_library(job, services)
    return _ACKNOWLEDGED if ended else _ALREADY_FINISHED


async def failed(callback: CallbackRequest, worker: Worker, services: Services) -> CallbackResponse:
    """Requeue the job while an attempt is left, else fail it with a refund.

    Raises:
        NotFoundError: Job not found.
        ForbiddenError: The job is another user's, or the claim another worker's.
        ConflictError: ``id_reused``: another callback had this webhook id.
    """
    async with services.database.transaction() as connection:
        context = await standing(connection, callback, worker)
        if context.receipt:
            return _replay_response(context.receipt, worker)
        job = claimed_job(context, callback)
        changed = await _record_failure(connection, job, callback)
        if changed is None:
            # No receipt is needed: a repeated callback gets the same response, since a claim
            # that has ended stays ended.
            return _ALREADY_FINISHED
        await output_check.record_worker_refusal(connection, job, callback, services.settings)
        await callbacks.insert(connection, _receipt(worker, _ACKNOWLEDGED))
    if not changed.is_open:
        completion.record_job_ended(changed)
    await dispatch.dispatch_jobs(services, job.queue)
    return _ACKNOWLEDGED


async def _save_to_library(job: jobs.Job, services: Services) -> None:
    """Save the job's assets to the library; if that fails, the sweep retries it."""
    try:
        await save.save_pending_assets(services, job_id=job.id, limit=job.num_images)
    except ApiError as problem:
        logs.logger.warning("saving to the library is left to the sweep: %s", problem.error_code)


async def _record_failure(
    connection: Connection, job: jobs.Job, callback: CallbackRequest
) -> jobs.Job | None:
    """Requeue or fail the job. None if it has ended or runs under another claim."""
    failure = callback.failure or JobFailure(code="worker_error")
    claim = callback.claim_id
    if failure.requeue:
        job_after = await job_transitions.requeue_without_attempt(
            connection, job.id, claim_id=claim
        )
    elif failure.retryable:
        job_after = await job_transitions.requeue(connection, job.id, claim_id=claim)
    else:
        job_after = None
    if job_after is None:
        reason = callback.error_message or "The worker failed without an error message."
        job_after = await job_transitions.fail(connection, job.id, claim_id=claim, reason=reason)
    return job_after


def _replay_response(receipt: Receipt, worker: Worker) -> CallbackResponse:
    """Return the stored response to a repeated callback.

    Raises:
        ConflictError: ``id_reused``: another callback had this webhook id.
    """
    if receipt.body_hash != hashlib.sha256(worker.body).digest():
        raise ConflictError("webhook-id was already used for another callback.", code="id_reused")
    return CallbackResponse.model_validate(receipt.answer)


def _receipt(worker: Worker, answer: CallbackResponse) -> Receipt:
    return Receipt(
        webhook_id=worker.message_id,
        body_hash=hashlib.sha256(worker.body).digest(),
        answer=answer.model_dump(mode="json", by_alias=True),
    )
