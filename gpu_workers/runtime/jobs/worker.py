"""Worker lifecycle: load models, run jobs, drain."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx

from gpu_workers.runtime import log
from gpu_workers.runtime.jobs import task_result
from gpu_workers.runtime.jobs.batching import Inference
from gpu_workers.runtime.jobs.context import WorkerContext
from gpu_workers.runtime.jobs.job_runner import JobRunner
from gpu_workers.runtime.jobs.slots import Refusal, SlotQueue
from gpu_workers.runtime.jobs.task_result import Outcome
from gpu_workers.runtime.pipeline import Pipeline, Pipelines
from gpu_workers.runtime.safety.output_check import Safety
from gpu_workers.runtime.settings import WorkerSettings
from gpu_workers.runtime.transport.clock import Clock
from gpu_workers.runtime.transport.signed_client import SignedClient
from gpu_workers.runtime.transport.signed_urls import Transfer
from shared.contracts.worker_protocol import JobMessage
from shared.telemetry import tracing

SHUTDOWN_GRACE_SECONDS = 15
"""For a cancelled job's step to end and its requeue callback to be answered."""

_REFUSALS: dict[Refusal, Outcome] = {
    "draining": task_result.DRAINING,
    "already_here": task_result.DUPLICATE,
    "busy": task_result.BUSY,
}


class Worker:
    """Accepts jobs, runs them in their order and shuts down without losing one."""

    def __init__(
        self,
        settings: WorkerSettings,
        pipelines: Pipelines,
        http: httpx.AsyncClient,
        safety: Safety,
    ) -> None:
        self.settings = settings
        self._safety = safety
        self.pipelines = pipelines
        self.loaded = False
        self.draining = False
        self.queue = SlotQueue(slots=settings.worker_slots, prefetch_jobs=settings.prefetch_jobs)
        self.clock = Clock()
        self.client = SignedClient(http, settings, self.clock)
        self.threads = ThreadPoolExecutor(settings.worker_slots, "inference")
        self._missing: list[Pipeline] = []
        self._jobs: dict[JobRunner, asyncio.Task[Outcome]] = {}
        self._context = WorkerContext(
            worker_id=settings.worker_id,
            pipelines=pipelines,
            unavailable_pipelines=self._missing,
            safety=safety,
            queue=self.queue,
            inference=Inference(self.threads, lambda: self.queue.working),
            client=self.client,
            transfer=Transfer(http, self.clock),
            clock=self.clock,
        )

    @property
    def available_pipelines(self) -> Pipelines:
        """The pipelines by worker type, without those whose model failed to load."""
        return {
            kind: pipeline
            for kind, pipeline in self.pipelines.items()
            if pipeline not in self._missing
        }

    async def load(self) -> None:
        """Load the checker and each model in an inference thread, then let the jobs run.

        A model that cannot be loaded, or whose output no checker would check, is left out; the
        remaining models are served.

        Raises:
            Exception: the checker failed to load, or no model can be served (the last error).
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.threads, self._safety.load)
        for pipeline in dict.fromkeys(self.pipelines.values()):
            try:
                await loop.run_in_executor(self.threads, pipeline.load)
                await loop.run_in_executor(self.threads, self._safety.admit, pipeline)
            except Exception as error:
                self._missing.append(pipeline)
                if not self.available_pipelines:
                    raise
                trace = log.format_exception(error)
                log.event("model missing", severity="CRITICAL", models=pipeline.models, trace=trace)
        self.loaded = True
        self.queue.open()

    async def run(self, message: JobMessage) -> Outcome:
        """Run a job and return the response to its task when the job has ended."""
        if message.expires_at.timestamp() <= self.clock.now():
            return task_result.EXPIRED
        refusal = self.queue.enter(message.job_id)
        if refusal is not None:
            return _REFUSALS[refusal]
        job = JobRunner(message, self._context)
        self._jobs[job] = asyncio.create_task(job.run())
        try:
            return await self._jobs[job]
        except asyncio.CancelledError:
            return task_result.DRAINING
        finally:
            del self._jobs[job]
            self.queue.leave(message.job_id)

    async def drain(self) -> None:
        """Refuse new jobs, let running jobs finish for ``drain_seconds``, requeue the rest."""
        self.draining = True
        log.event("draining", worker_id=self.settings.worker_id, held=self.queue.held)
        self.queue.close()
        if not await self.queue.wait_empty(self.settings.drain_seconds):
            for job in self._jobs:
                job.progress.stop("draining")
            if not await self.queue.wait_empty(SHUTDOWN_GRACE_SECONDS):
                for task in self._jobs.values():
                    task.cancel()
        log.event("drained", worker_id=self.settings.worker_id, held=self.queue.held)
        await asyncio.to_thread(tracing.flush)
