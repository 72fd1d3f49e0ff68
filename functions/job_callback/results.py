"""How a job ends, as its worker tells it."""

import hashlib

from functions.job_callback.claims import claimed_job, standing
from shared.auth.authenticators import Worker
from shared.contracts.worker_protocol import CallbackAnswer, CallbackRequest, Failure
from shared.db.connection import Connection
from shared.db.queries import callbacks, job_transitions, jobs
from shared.db.queries.callbacks import Receipt
from shared.errors import ConflictError, Problem
from shared.jobs import completion, dispatch, metrics
from shared.library import save
from shared.safety import output_check
from shared.services import Services
from shared.telemetry import logs, tracing

_ENDED = CallbackAnswer(message="The job has ended already.", proceed=False)
_HEARD = CallbackAnswer(message="Heard.")


async def completed(letter: CallbackRequest, worker: Worker, services: Services) -> CallbackAnswer:
    """Check every object, then complete the job; an older claim may, while the job is open."""
    async with services.database.autocommit() as connection:
        known = await standing(connection, letter, worker)
    if known.receipt:
        return _told_before(known.receipt, worker)
    job = claimed_job(known, letter)
    if not job.is_open:
        return _ENDED
    with tracing.span("check objects", "client"):
        checked = await completion.check(services, job, letter)
    async with services.database.autocommit() as connection:
        ended = await completion.record(
            connection, job.id, letter, checked, _receipt(worker, _HEARD)
        )
    if ended:
        metrics.job_ended(ended, callback_visible_seconds=logs.seconds_since_begin())
    await dispatch.fill(services, job.queue)
    if job.destination == "library":
        await _promote(job, services)
    return _HEARD if ended else _ENDED


async def failed(letter: CallbackRequest, worker: Worker, services: Services) -> CallbackAnswer:
    """Send the job back to its queue while an attempt is left, else end it with a refund."""
    async with services.database.transaction() as connection:
        known = await standing(connection, letter, worker)
        if known.receipt:
            return _told_before(known.receipt, worker)
        job = claimed_job(known, letter)
        changed = await _record_failure(connection, job, letter)
        if changed is None:
            # Again, it is answered alike without a receipt: a claim that is over stays over.
            return _ENDED
        await output_check.keep_refused(connection, job, letter, services.settings)
        await callbacks.insert(connection, _receipt(worker, _HEARD))
    if not changed.is_open:
        metrics.job_ended(changed)
    await dispatch.fill(services, job.queue)
    return _HEARD


async def _promote(job: jobs.Job, services: Services) -> None:
    """Bring what is made to the library; what fails here, the sweep does."""
    try:
        await save.promote(services, job_id=job.id, most=job.num_images)
    except Problem as problem:
        logs.logger.warning("the promotion is left to the sweep: %s", problem.error_code)


async def _record_failure(
    connection: Connection, job: jobs.Job, letter: CallbackRequest
) -> jobs.Job | None:
    """The job as it stands then; None where it has ended, or runs under another claim."""
    failure = letter.failure or Failure(code="worker_error")
    claim = letter.claim_id
    if failure.hand_back:
        job_after = await job_transitions.hand_back(connection, job.id, claim_id=claim)
    elif failure.retryable:
        job_after = await job_transitions.send_back(connection, job.id, claim_id=claim)
    else:
        job_after = None
    if job_after is None:
        reason = letter.error_message or "The worker could not make it."
        job_after = await job_transitions.fail(connection, job.id, claim_id=claim, reason=reason)
    return job_after


def _told_before(receipt: Receipt, worker: Worker) -> CallbackAnswer:
    """What this very letter was answered before.

    Raises:
        ConflictError: ``id_reused``, where another letter carried its id.
    """
    if receipt.body_hash != hashlib.sha256(worker.body).digest():
        raise ConflictError("Another letter had this webhook-id.", code="id_reused")
    return CallbackAnswer.model_validate(receipt.answer)


def _receipt(worker: Worker, answer: CallbackAnswer) -> Receipt:
    return Receipt(
        webhook_id=worker.message_id,
        body_hash=hashlib.sha256(worker.body).digest(),
        answer=answer.model_dump(mode="json", by_alias=True),
    )
