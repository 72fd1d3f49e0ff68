"""One job's life on a worker: claim, references, run, deliver; each end reported."""

import asyncio
import time
from functools import partial

import httpx

from gpu_workers.runtime import log
from gpu_workers.runtime.jobs import failures, task_result
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
"""How long a claim is tried; then the task goes back to its queue."""

_DEFAULT_HEARTBEAT_SECONDS = 10.0


class JobRunner:
    """One delivery of a job message."""

    def __init__(self, message: JobMessage, workplace: WorkerContext) -> None:
        self.progress = Progress()
        self._message = message
        self._workplace = workplace
        self._callbacks = Callbacks(workplace.mailbox, workplace.clock, message)
        self._began = time.monotonic()
        self._event = partial(
            log.event,
            job_id=message.job_id,
            claim_id=self._callbacks.claim_id,
            worker_id=workplace.worker_id,
            job_type=message.job_type,
        )

    async def run(self) -> Outcome:
        """Wait for a turn, claim, and see the claim through; all of it is one span."""
        attributes: Attributes = {
            "ourvidz.job_id": str(self._message.job_id),
            "ourvidz.dispatch_no": self._message.dispatch_no,
            "ourvidz.worker_id": self._workplace.worker_id,
            "ourvidz.job_type": self._message.job_type,
        }
        parent = self._message.traceparent
        with tracing.span("run job", "consumer", parent=parent, attributes=attributes) as span:
            self._event = partial(self._event, **trace_fields(span.traceparent))
            ended = await self._run()
            span.set_attributes({"ourvidz.outcome": ended.code})
        return ended

    async def _run(self) -> Outcome:
        line = self._workplace.line
        try:
            with tracing.span("wait" if line.opened else "load"):
                turn = await line.turn()
        except QueueClosedError:
            return task_result.DRAINING
        with turn:
            claim = await self._claim()
            ended = claim if isinstance(claim, Outcome) else await self._run_claimed(claim, turn)
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
        # A refused seal may be a key in rotation, and a 2xx that cannot be read a gateway's fault.
        undecided = result.status in {httpx.codes.OK, httpx.codes.UNAUTHORIZED}
        return task_result.NOT_CLAIMED if undecided else task_result.JOB_GONE

    async def _run_claimed(self, claim: CallbackResponse, turn: Slot) -> Outcome:
        every = claim.heartbeat_seconds or _DEFAULT_HEARTBEAT_SECONDS
        beating = asyncio.create_task(heartbeat_loop(self.progress, self._heartbeat, every=every))
        try:
            return await self._complete(claim, turn)
        except JobCancelled:
            return await self._stopped()
        except JobError as error:
            return await self._report(error)
        except RetryTimeoutError:
            return task_result.REPORT_LOST
        except Exception as error:  # noqa: BLE001 - a pipeline may raise anything; it is reported
            self._log("job broke", severity="ERROR", trace=self._trace(error))
            return await self._report(failures.to_retryable_error(error))
        finally:
            beating.cancel()

    async def _complete(self, claim: CallbackResponse, turn: Slot) -> Outcome:
        with turn:
            row, outputs, checked_by = await self._generate(claim)
        self._log("job made")
        if self.progress.stop_reason == "ended":
            raise JobCancelled
        with tracing.span("encode"):
            parcels = await asyncio.to_thread(prepare_outputs, outputs, claim.uploads, row)
        delivery = Delivery(self._workplace.mailbox, self._workplace.transfer, self._callbacks)
        result = await delivery.deliver(claim, parcels, checked_by)
        if result.is_lost:
            return task_result.JOB_GONE
        if result.status < httpx.codes.BAD_REQUEST:
            return task_result.COMPLETED
        self._log("result refused", severity="ERROR", status=result.status, code=result.code)
        raise PermanentError("result_refused", "The finished result was refused.")

    async def _generate(self, claim: CallbackResponse) -> tuple[JobType, list[Media], OutputCheck]:
        row, pipeline = self._pipeline()
        mode = self._message.parameters.content_type
        look = self._workplace.safety.inspection(pipeline, mode)
        references = await self._workplace.transfer.references(claim.references)
        await asyncio.to_thread(look.check_references, references)
        preview = Preview(self._workplace.transfer, claim, self.progress, look.allow_preview)
        work = GenerationRequest(self._message, references, self.progress.on_step, preview.show)
        try:
            with tracing.span("generate"):
                outputs = await self._workplace.inference.run(pipeline, work)
        finally:
            preview.end()
        with tracing.span("check"):
            await asyncio.to_thread(look.check_results, outputs)
        return row, outputs, look.checked_by

    def _pipeline(self) -> tuple[JobType, Pipeline]:
        row = get_job_type(self._message.job_type)
        if row is None or row.worker_type not in self._workplace.pipelines:
            raise PermanentError("unsupported_job_type", "This worker does not run such jobs.")
        pipeline = self._workplace.pipelines[row.worker_type]
        if pipeline in self._workplace.unavailable_pipelines:
            raise PermanentError("model_missing", "The model that this job needs is not there.")
        return row, pipeline

    async def _heartbeat(self) -> bool:
        try:
            result = await self._callbacks.heartbeat(self.progress)
        except httpx.HTTPError:
            self._log("heartbeat unheard", severity="WARNING")
            return True
        return not result.is_lost

    async def _stopped(self) -> Outcome:
        if self.progress.stop_reason != "draining":
            return task_result.STOPPED
        ending = RetryableError("draining", "The worker is ending and gave the job back.")
        reported = await self._report(ending, hand_back=True)
        return task_result.HANDED_BACK if reported is task_result.FAILED else reported

    async def _report(self, error: JobError, *, hand_back: bool = False) -> Outcome:
        self._log("job failing", severity="WARNING", code=error.code, retryable=error.retryable)
        try:
            with tracing.span("report failed", "client", attributes={"ourvidz.code": error.code}):
                callback = self._callbacks.failed(error, hand_back=hand_back)
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
