"""One job's life on a worker: claim, references, run, deliver; each end reported."""

import asyncio
import time
from functools import partial

import httpx

from gpu_workers.runtime import log
from gpu_workers.runtime.jobs import failures, task_result
from gpu_workers.runtime.jobs.callbacks import Callbacks, Heard
from gpu_workers.runtime.jobs.context import Workplace
from gpu_workers.runtime.jobs.preview import Preview
from gpu_workers.runtime.jobs.progress import Progress, beat
from gpu_workers.runtime.jobs.slots import ClosedError, Turn
from gpu_workers.runtime.jobs.task_result import Outcome
from gpu_workers.runtime.jobs.upload import Delivery, pack
from gpu_workers.runtime.pipeline import (
    JobError,
    Media,
    PermanentError,
    Pipeline,
    RetryableError,
    Stopped,
    Work,
)
from gpu_workers.runtime.transport.retry import UnheardError
from shared.contracts.job_catalog import JobType, job_type
from shared.contracts.worker_protocol import CallbackAnswer, JobMessage, OutputCheck
from shared.telemetry import tracing
from shared.telemetry.logs import trace_fields
from shared.telemetry.trace_context import Attributes

CLAIM_SECONDS = 20
"""How long a claim is tried; then the task goes back to its queue."""

_DEFAULT_HEARTBEAT_SECONDS = 10.0


class Job:
    """One delivery of a job message."""

    def __init__(self, message: JobMessage, workplace: Workplace) -> None:
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
        except ClosedError:
            return task_result.DRAINING
        with turn:
            claim = await self._claim()
            ended = claim if isinstance(claim, Outcome) else await self._see_through(claim, turn)
        self._note("job ended", outcome=ended.code)
        return ended

    async def _claim(self) -> CallbackAnswer | Outcome:
        try:
            with tracing.span("claim", "client"):
                heard = await self._callbacks.send(self._callbacks.claim(), within=CLAIM_SECONDS)
        except UnheardError:
            return task_result.NOT_CLAIMED
        if heard.answer is not None and heard.answer.proceed:
            self._note("job claimed")
            return heard.answer
        return self._not_claimed(heard)

    def _not_claimed(self, heard: Heard) -> Outcome:
        if heard.status == httpx.codes.CONFLICT:
            return task_result.CLAIMED
        if heard.answer is not None:
            return task_result.DECLINED
        self._note("claim refused", severity="ERROR", status=heard.status, code=heard.code)
        # A refused seal may be a key in rotation, and a 2xx that cannot be read a gateway's fault.
        undecided = heard.status in {httpx.codes.OK, httpx.codes.UNAUTHORIZED}
        return task_result.NOT_CLAIMED if undecided else task_result.DECLINED

    async def _see_through(self, claim: CallbackAnswer, turn: Turn) -> Outcome:
        every = claim.heartbeat_seconds or _DEFAULT_HEARTBEAT_SECONDS
        beating = asyncio.create_task(beat(self.progress, self._heartbeat, every=every))
        try:
            return await self._complete(claim, turn)
        except Stopped:
            return await self._stopped()
        except JobError as error:
            return await self._report(error)
        except UnheardError:
            return task_result.UNHEARD
        except Exception as error:  # noqa: BLE001 - a pipeline may raise anything; it is reported
            self._note("job broke", severity="ERROR", trace=self._trace(error))
            return await self._report(failures.told(error))
        finally:
            beating.cancel()

    async def _complete(self, claim: CallbackAnswer, turn: Turn) -> Outcome:
        with turn:
            row, made, checked_by = await self._make(claim)
        self._note("job made")
        if self.progress.stop_reason == "ended":
            raise Stopped
        with tracing.span("encode"):
            parcels = await asyncio.to_thread(pack, made, claim.uploads, row)
        delivery = Delivery(self._workplace.mailbox, self._workplace.transfer, self._callbacks)
        heard = await delivery.hand_in(claim, parcels, checked_by)
        if heard.not_ours:
            return task_result.DECLINED
        if heard.status < httpx.codes.BAD_REQUEST:
            return task_result.COMPLETED
        self._note("result refused", severity="ERROR", status=heard.status, code=heard.code)
        raise PermanentError("result_refused", "The finished result was refused.")

    async def _make(self, claim: CallbackAnswer) -> tuple[JobType, list[Media], OutputCheck]:
        row, pipeline = self._pipeline()
        mode = self._message.parameters.content_type
        look = self._workplace.safety.inspection(pipeline, mode)
        references = await self._workplace.transfer.references(claim.references)
        await asyncio.to_thread(look.at_references, references)
        preview = Preview(self._workplace.transfer, claim, self.progress, look.passes)
        work = Work(self._message, references, self.progress.on_step, preview.show)
        try:
            with tracing.span("generate"):
                made = await self._workplace.inference.run(pipeline, work)
        finally:
            preview.end()
        with tracing.span("check"):
            await asyncio.to_thread(look.at_results, made)
        return row, made, look.checked_by

    def _pipeline(self) -> tuple[JobType, Pipeline]:
        row = job_type(self._message.job_type)
        if row is None or row.worker_type not in self._workplace.pipelines:
            raise PermanentError("unsupported_job_type", "This worker does not run such jobs.")
        pipeline = self._workplace.pipelines[row.worker_type]
        if pipeline in self._workplace.missing:
            raise PermanentError("model_missing", "The model that this job needs is not there.")
        return row, pipeline

    async def _heartbeat(self) -> bool:
        try:
            heard = await self._callbacks.heartbeat(self.progress)
        except httpx.HTTPError:
            self._note("heartbeat unheard", severity="WARNING")
            return True
        return not heard.not_ours

    async def _stopped(self) -> Outcome:
        if self.progress.stop_reason != "draining":
            return task_result.STOPPED
        ending = RetryableError("draining", "The worker is ending and gave the job back.")
        reported = await self._report(ending, hand_back=True)
        return task_result.HANDED_BACK if reported is task_result.FAILED else reported

    async def _report(self, error: JobError, *, hand_back: bool = False) -> Outcome:
        self._note("job failing", severity="WARNING", code=error.code, retryable=error.retryable)
        try:
            with tracing.span("report failed", "client", attributes={"ourvidz.code": error.code}):
                letter = self._callbacks.failed(error, hand_back=hand_back)
                heard = await self._callbacks.send(letter)
        except UnheardError:
            return task_result.UNHEARD
        if heard.not_ours:
            return task_result.DECLINED
        return task_result.FAILED if heard.status < httpx.codes.BAD_REQUEST else task_result.UNHEARD

    def _note(self, message: str, *, severity: str = "INFO", **fields: object) -> None:
        ms = round((time.monotonic() - self._began) * 1000, 1)
        self._event(message, severity=severity, ms=ms, **fields)

    def _trace(self, error: Exception) -> str:
        wanted = self._message.parameters
        return log.trace(error, [wanted.prompt, wanted.negative_prompt])
