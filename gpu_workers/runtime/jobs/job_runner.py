"""Run one job on a worker: claim it, fetch references, generate, upload, report."""

import asyncio
import errno
import time
from functools import partial

import httpx

from gpu_workers.runtime import log
from gpu_workers.runtime.jobs import task_result
from gpu_workers.runtime.jobs.callbacks import CallbackResult, Callbacks
from gpu_workers.runtime.jobs.context import WorkerContext
from gpu_workers.runtime.jobs.preview import Preview
from gpu_workers.runtime.jobs.progress import Progress, heartbeat_loop
from gpu_workers.runtime.jobs.slots import QueueClosedError, Slot
from gpu_workers.runtime.jobs.task_result import Outcome
from gpu_workers.runtime.jobs.upload import Delivery, prepare_outputs
from gpu_workers.runtime.pipeline import (
    GenerationRequest,
    JobCancelled,
    JobError,
    Media,
    PermanentError,
    Pipeline,
    RetryableError,
)
from gpu_workers.runtime.transport.retry import RetryTimeoutError
from shared.contracts.job_catalog import JobType, get_job_type
from shared.contracts.worker_protocol import CallbackResponse, JobMessage, OutputCheck
from shared.telemetry import tracing
from shared.telemetry.logs import trace_fields
from shared.telemetry.trace_context import Attributes

CLAIM_SECONDS = 20
"""How long a claim is retried; after that the task returns to its queue."""

_DEFAULT_HEARTBEAT_SECONDS = 10.0


class JobRunner:
    """One delivery of a job message."""

    def __init__(self, message: JobMessage, context: WorkerContext) -> None:
        self.progress = Progress()
        self._message = message
        self._context = context
        self._callbacks = Callbacks(context.client, context.clock, message)
        self._began = time.monotonic()
        self._event = partial(
            log.event,
            job_id=message.job_id,
            claim_id=self._callbacks.claim_id,
            worker_id=context.worker_id,
            job_type=message.job_type,
        )

    async def run(self) -> Outcome:
        """Wait for a slot, claim the job and run it, in one trace span.

        Returns:
            The response to the task that delivered the job.
        """
        attributes: Attributes = {
            "ourvidz.job_id": str(self._message.job_id),
            "ourvidz.dispatch_no": self._message.dispatch_no,
            "ourvidz.worker_id": self._context.worker_id,
            "ourvidz.job_type": self._message.job_type,
        }
        parent = self._message.traceparent
        with tracing.span("run job", "consumer", parent=parent, attributes=attributes) as span:
            self._event = partial(self._event, **trace_fields(span.traceparent))
            ended = await self._run()
            span.set_attributes({"ourvidz.outcome": ended.code})
        return ended

    async def _run(self) -> Outcome:
        queue = self._context.queue
        try:
            with tracing.span("wait" if queue.opened else "load"):
                slot = await queue.acquire()
        except QueueClosedError:
            return task_result.DRAINING
        with slot:
            claim = await self._claim()
            ended = claim if isinstance(claim, Outcome) else await self._run_claimed(claim, slot)
        self._log("job ended", outcome=ended.code)
        return ended

    async def _claim(self) -> CallbackResponse | Outcome:
        try:
            with tracing.span("claim", "client"):
                result = await self._callbacks.send(self._callbacks.claim(), within=CLAIM_SECONDS)
        except RetryTimeoutError:
            return task_result.NOT_CLAIMED
        if result.answer is not None and result.answer.proceed:
            self._log("job claimed")
            return result.answer
        return self._not_claimed(result)

    def _not_claimed(self, result: CallbackResult) -> Outcome:
        if result.status == httpx.codes.CONFLICT:
            return task_result.CLAIMED
        if result.answer is not None:
            return task_result.JOB_GONE
        self._log("claim refused", severity="ERROR", status=result.status, code=result.code)
        # A rejected signature may be a key in rotation, a malformed 2xx an error of a gateway.
        undecided = result.status in {httpx.codes.OK, httpx.codes.UNAUTHORIZED}
        return task_result.NOT_CLAIMED if undecided else task_result.JOB_GONE

    async def _run_claimed(self, claim: CallbackResponse, slot: Slot) -> Outcome:
        interval = claim.heartbeat_seconds or _DEFAULT_HEARTBEAT_SECONDS
        heartbeats = asyncio.create_task(
            heartbeat_loop(self.progress, self._heartbeat, every=interval)
        )
        try:
            return await self._complete(claim, slot)
        except JobCancelled:
            return await self._stopped()
        except JobError as error:
            return await self._report(error)
        except RetryTimeoutError:
            return task_result.REPORT_LOST
        except Exception as error:  # noqa: BLE001 - a pipeline may raise anything; it is reported
            self._log("job crashed", severity="ERROR", trace=self._trace(error))
            return await self._report(_to_retryable_error(error))
        finally:
            heartbeats.cancel()

    async def _complete(self, claim: CallbackResponse, slot: Slot) -> Outcome:
        with slot:
            row, outputs, checked_by = await self._generate(claim)
        self._log("job made")
        if self.progress.stop_reason == "ended":
            raise JobCancelled
        with tracing.span("encode"):
            files = await asyncio.to_thread(prepare_outputs, outputs, claim.uploads, row)
        delivery = Delivery(self._context.client, self._context.transfer, self._callbacks)
        result = await delivery.deliver(claim, files, checked_by)
        if result.is_lost:
            return task_result.JOB_GONE
        if result.status < httpx.codes.BAD_REQUEST:
            return task_result.COMPLETED
        self._log("result refused", severity="ERROR", status=result.status, code=result.code)
        raise PermanentError("result_refused", "The result was rejected by the server.")

    async def _generate(self, claim: CallbackResponse) -> tuple[JobType, list[Media], OutputCheck]:
        row, pipeline = self._pipeline()
        mode = self._message.parameters.content_type
        safety_check = self._context.safety.inspection(pipeline, mode)
        references = await self._context.transfer.references(claim.references)
        await asyncio.to_thread(safety_check.check_references, references)
        preview = Preview(self._context.transfer, claim, self.progress, safety_check.allow_preview)
        work = GenerationRequest(self._message, references, self.progress.on_step, preview.show)
        try:
            with tracing.span("generate"):
                outputs = await self._context.inference.run(pipeline, work)
        finally:
            preview.end()
        with tracing.span("check"):
            await asyncio.to_thread(safety_check.check_results, outputs)
        return row, outputs, safety_check.checked_by

    def _pipeline(self) -> tuple[JobType, Pipeline]:
        row = get_job_type(self._message.job_type)
        if row is None or row.worker_type not in self._context.pipelines:
            raise PermanentError(
                "unsupported_job_type", "This worker does not support this job type."
            )
        pipeline = self._context.pipelines[row.worker_type]
        if pipeline in self._context.unavailable_pipelines:
            raise PermanentError(
                "model_missing", "The model for this job is not available on this worker."
            )
        return row, pipeline

    async def _heartbeat(self) -> bool:
        try:
            result = await self._callbacks.heartbeat(self.progress)
        except httpx.HTTPError:
            self._log("heartbeat failed", severity="WARNING")
            return True
        return not result.is_lost

    async def _stopped(self) -> Outcome:
        if self.progress.stop_reason != "draining":
            return task_result.STOPPED
        ending = RetryableError("draining", "The worker is shutting down; the job was requeued.")
        reported = await self._report(ending, requeue=True)
        return task_result.REQUEUED if reported is task_result.FAILED else reported

    async def _report(self, error: JobError, *, requeue: bool = False) -> Outcome:
        self._log("job failing", severity="WARNING", code=error.code, retryable=error.retryable)
        try:
            with tracing.span("report failed", "client", attributes={"ourvidz.code": error.code}):
                callback = self._callbacks.failed(error, requeue=requeue)
                result = await self._callbacks.send(callback)
        except RetryTimeoutError:
            return task_result.REPORT_LOST
        if result.is_lost:
            return task_result.JOB_GONE
        return (
            task_result.FAILED
            if result.status < httpx.codes.BAD_REQUEST
            else task_result.REPORT_LOST
        )

    def _log(self, message: str, *, severity: str = "INFO", **fields: object) -> None:
        ms = round((time.monotonic() - self._began) * 1000, 1)
        self._event(message, severity=severity, ms=ms, **fields)

    def _trace(self, error: Exception) -> str:
        params = self._message.parameters
        return log.format_exception(error, [params.prompt, params.negative_prompt])


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def _to_retryable_error(error: Exception) -> RetryableError:
    """Return the error to report: retryable, because another worker may succeed."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return RetryableError("disk_full", "The worker has no room left on its disk.")
    if isinstance(error, MemoryError):
        return RetryableError("out_of_memory", "The worker ran out of memory on this job.")
    return RetryableError("worker_error", "The worker failed while it ran this job.")
