"""Assign queued jobs to worker slots and enqueue their Cloud Tasks.

Postgres holds the backlog, Cloud Tasks only what is about to run. ``dispatch_jobs`` gives each
active worker as many jobs as it has slots, plus prefetched ones, so that it does not idle between
two jobs. It is called after every change that frees a slot or adds a job. If a call is lost, the
sweep dispatches instead.
"""

import asyncio

from shared.contracts import webhook_signature
from shared.contracts.job_catalog import JOB_TYPES, WORKER_TYPES, QueueName
from shared.contracts.worker_protocol import GenerationParams, JobMessage
from shared.db.queries import dispatch, job_transitions
from shared.db.queries.dispatch import WorkerAddress
from shared.db.queries.jobs import Job
from shared.errors import ServiceUnavailableError
from shared.services import Services
from shared.telemetry import tracing
from shared.telemetry.logs import logger
from shared.telemetry.trace_context import Attributes

DispatchedJob = tuple[Job, WorkerAddress]
"""A job and the address that its task is sent to."""

LOST_TASK_SECONDS = 5
"""A dispatched job that is not claimed within this time may have lost its task."""

_SECONDS = {name: row.expected_seconds for name, row in JOB_TYPES.items()}


async def dispatch_jobs(services: Services, queue: QueueName) -> int:
    """Dispatch as many jobs of the queue as there are free slots; return their number.

    Raises nothing: the caller has committed its change, which does not depend on the dispatch.
    """
    try:
        async with services.database.autocommit() as connection:
            chosen = await dispatch.dispatch(connection, _dispatch_window(services, queue))
    except ServiceUnavailableError:
        return 0
    await asyncio.gather(*(_enqueue_or_release(services, job, address) for job, address in chosen))
    return len(chosen)


async def re_enqueue_lost_tasks(services: Services, *, limit: int) -> int:
    """Enqueue again the tasks of jobs that should have been claimed; return how many were sent.

    A process may die after it committed a dispatch and before it enqueued the task. A task that
    exists already has the same name, so enqueueing it again has no effect.

    Raises:
        ServiceUnavailableError: None of the tasks could be enqueued.
    """
    async with services.database.transaction() as connection:
        unclaimed = await dispatch.unclaimed(connection, seconds=LOST_TASK_SECONDS, limit=limit)
    known = [
        (job, address)
        for job, address in unclaimed
        if services.settings.worker_keys_for(address.key_id)
    ]
    sent = await asyncio.gather(*(_is_sent(services, job, address) for job, address in known))
    if known and not any(sent):
        raise ServiceUnavailableError
    return sum(sent)


def _dispatch_window(services: Services, queue: QueueName) -> dispatch.DispatchWindow:
    return dispatch.DispatchWindow(
        queue=queue,
        worker_type=WORKER_TYPES[queue],
        prefetch_jobs=services.settings.prefetch_jobs,
        key_ids=list(services.settings.worker_keys),
        seconds=_SECONDS,
    )


async def _enqueue_or_release(services: Services, job: Job, address: WorkerAddress) -> None:
    """Enqueue the job's task; if that fails, release its slot so that it waits again."""
    if not await _is_sent(services, job, address):
        await _release_slot(services, job)


async def _is_sent(services: Services, job: Job, address: WorkerAddress) -> bool:
    """Enqueue the job's task; return whether it succeeded. Errors do not affect other jobs."""
    try:
        await _send(services, job, address)
    except ServiceUnavailableError:
        return False
    except Exception:  # noqa: BLE001 - as above
        fields = {"job_id": job.id}
        logger.error("a job's task could not be enqueued", exc_info=True, extra={"fields": fields})
        return False
    return True


async def _send(services: Services, job: Job, address: WorkerAddress) -> None:
    """Enqueue the task in the trace of the job, not of the current request."""
    attributes: Attributes = {
        "ourvidz.job_id": str(job.id),
        "ourvidz.dispatch_no": job.dispatch_no,
    }
    with tracing.span(
        f"send {job.queue}", "producer", parent=job.traceparent, attributes=attributes
    ) as span:
        await _make_task(services, job, address, span.traceparent)


async def _make_task(
    services: Services, job: Job, address: WorkerAddress, traceparent: str | None
) -> None:
    name = f"{job.id}-{job.dispatch_no}"
    body = _message(job, traceparent).model_dump_json(by_alias=True).encode()
    headers = webhook_signature.sign(
        services.settings.worker_keys_for(address.key_id)[0],
        worker_id=address.key_id,
        message_id=name,
        timestamp=int(services.clock()),
        body=body,
    )
    if traceparent:
        headers["traceparent"] = traceparent
    url = f"{address.url}/jobs"
    await services.tasks.enqueue(job.queue, name, url=url, headers=headers, body=body)


async def _release_slot(services: Services, job: Job) -> None:
    try:
        async with services.database.transaction() as connection:
            await job_transitions.release_dispatch(connection, job.id, dispatch_no=job.dispatch_no)
    except ServiceUnavailableError:
        logger.warning("a job keeps its slot until the sweep", extra={"fields": {"job_id": job.id}})


def _message(job: Job, traceparent: str | None) -> JobMessage:
    return JobMessage(
        job_id=job.id,
        user_id=job.user_id,
        dispatch_no=job.dispatch_no,
        job_type=job.job_type,
        parameters=GenerationParams.model_validate(job.parameters),
        reference_roles=job.reference_roles,
        traceparent=traceparent,
        expires_at=job.expires_at,
    )
