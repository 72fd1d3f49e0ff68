"""A running worker for tests, and scripted pipelines."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime.jobs import batching
from gpu_workers.runtime.jobs import worker as worker_module
from gpu_workers.runtime.jobs.worker import Worker
from gpu_workers.runtime.pipeline import (
    GenerationRequest,
    JobCancelled,
    Media,
    Pipeline,
    Pipelines,
    ReferenceImage,
)
from gpu_workers.runtime.safety.output_check import Safety
from gpu_workers.runtime.safety.settings import SafetySettings
from gpu_workers.runtime.settings import WorkerSettings
from shared.contracts.worker_protocol import ContentMode, GenerationParams, JobMessage, OutputCheck
from tests.support.local_system import TIMEOUT_SECONDS
from tests.support.pipelines import generate_alone
from tests.unit.fake_services import HOME, KEY, Neighbours

NEVER_SECONDS = 3600
"""Longer than any test takes. A worker whose limits are this long does not depend on a timer."""


async def until(condition: Callable[[], bool], *, what: str) -> None:
    """Wait in the event loop until a condition is met; ``what`` names it in the error."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {TIMEOUT_SECONDS} s for {what}")
        await asyncio.sleep(0.005)


@asynccontextmanager
async def working(
    neighbours: Neighbours,
    pipelines: Pipelines,
    *,
    slots: int = 1,
    safety: Safety | None = None,
) -> AsyncIterator[Worker]:
    settings = WorkerSettings(
        worker_id="w",
        worker_key=KEY,
        functions_url=HOME,
        port=1,
        drain_seconds=0.05,
        worker_slots=slots,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "BATCH_WINDOW_SECONDS", NEVER_SECONDS)
        patch.setattr(worker_module, "SHUTDOWN_GRACE_SECONDS", NEVER_SECONDS)
        async with httpx.AsyncClient(transport=httpx.MockTransport(neighbours)) as http:
            checks = safety or Safety(SafetySettings(), Harmless())
            worker = Worker(settings, pipelines, http, checks)
            await worker.load()
            yield worker
            worker.threads.shutdown()


def message(
    *, job_type: str = "sdxl_image_fast", seconds_left: int = 300, **changed: object
) -> JobMessage:
    params = GenerationParams(prompt="a red star", steps=1, guidance_scale=6.0, seed=1)
    return JobMessage(
        job_id=uuid4(),
        user_id=uuid4(),
        dispatch_no=3,
        job_type=job_type,
        parameters=params.model_copy(update=changed),
        expires_at=datetime.now(UTC) + timedelta(seconds=seconds_left),
    )


class Harmless:
    """A checker that refuses only the given categories, and records the sizes of what it checks."""

    checked_by = OutputCheck(kind="classifier", name="harmless")
    modes: frozenset[ContentMode] = frozenset({"sfw", "nsfw"})

    def __init__(self, *refused: str) -> None:
        self.categories = list(refused)
        self.seen: list[tuple[int, int]] = []

    def refused(self, pictures: Sequence[Image.Image], mode: ContentMode) -> list[str]:
        del mode
        self.seen += [picture.size for picture in pictures]
        return self.categories


def endless_steps() -> Iterator[int]:
    """Yield numbers from 1, one every 5 ms, until the job is stopped.

    Raises:
        AssertionError: The job was not stopped within ``TIMEOUT_SECONDS``.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    step = 0
    while time.monotonic() < deadline:
        step += 1
        yield step
        time.sleep(0.005)
    raise AssertionError(f"the job was not stopped within {TIMEOUT_SECONDS} s")


class Stepping(Pipeline):
    """A pipeline that steps until it is stopped, or raises the given error."""

    models = ["stepping"]
    max_batch_size = None

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.references: Sequence[ReferenceImage] = ()
        self.steps_taken = 0

    def load(self) -> None:
        pass

    def generate(self, requests: Sequence[GenerationRequest]) -> list[list[Media]]:
        (request,) = requests
        self.references = request.references
        if self.error:
            raise self.error
        for step in endless_steps():
            self.steps_taken = step
            request.on_step(step, 1000)
        return [[]]


class Together(Pipeline):
    """A pipeline that runs jobs with the same prompt as one batch.

    A batch takes ``steps`` steps, and continues while ``may_end`` is cleared. The first batch waits
    for every job that has a slot, later ones for none.
    """

    models = ["together"]
    max_batch_size = 4

    def __init__(self, *, steps: int = 5) -> None:
        self.steps = steps
        self.may_end = threading.Event()
        self.may_end.set()
        self.batches: list[list[int]] = []
        """The seeds of each batch."""
        self.broken: int | None = None
        """A seed whose batch raises an error."""
        self.stopped = 0
        self.loads = 0

    def load(self) -> None:
        self.loads += 1

    def batch_key(self, work: GenerationRequest) -> Hashable:
        return work.message.parameters.prompt

    def generate(self, works: Sequence[GenerationRequest]) -> list[list[Media]]:
        batching.BATCH_WINDOW_SECONDS = 0
        seeds = [work.message.parameters.seed for work in works]
        self.batches.append(seeds)
        if self.broken in seeds:
            raise RuntimeError("it broke")
        try:
            for step in endless_steps():
                for work in works:
                    work.on_step(step, self.steps)
                    work.on_preview(lambda: Image.new("RGB", (300, 200), (9, 99, 9)))
                if step >= self.steps and self.may_end.is_set():
                    break
        except JobCancelled:
            self.stopped += 1
            raise
        return [generate_alone(NoopPipeline(), work.message) for work in works]
