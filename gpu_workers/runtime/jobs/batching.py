"""Inference threads, and batches of jobs that run in one call of a pipeline."""

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from gpu_workers.runtime import log
from gpu_workers.runtime.pipeline import GenerationRequest, JobCancelled, Media, Pipeline

BATCH_WINDOW_SECONDS = 0.25
"""How long a batch waits for jobs that have a slot and are still being claimed."""


class Inference:
    """Runs pipelines in the inference threads.

    Args:
        threads: the inference threads.
        working: returns the number of jobs that hold a slot.
    """

    def __init__(self, threads: Executor, working: Callable[[], int]) -> None:
        self._threads = threads
        self._working = working
        self._batchers: dict[Pipeline, Batcher] = {}

    async def run(self, pipeline: Pipeline, request: GenerationRequest) -> list[Media]:
        """Generate one job's media, alone or in a batch, and return them."""
        if pipeline.max_batch_size is None:
            loop = asyncio.get_running_loop()
            (media,) = await loop.run_in_executor(self._threads, pipeline.generate, [request])
            return media
        if pipeline not in self._batchers:
            self._batchers[pipeline] = Batcher(pipeline, self._threads, self._working)
        return await self._batchers[pipeline].run(request)


@dataclass(eq=False)
class _BatchItem:
    """One job of a batch."""

    request: GenerationRequest
    key: Hashable
    media: asyncio.Future[list[Media]]

    def end(self, result: list[Media] | BaseException) -> None:
        if self.media.done():
            return
        if isinstance(result, BaseException):
            self.media.set_exception(result)
        else:
            self.media.set_result(result)


class Batcher:
    """Runs one pipeline's jobs in batches, one batch at a time; later jobs wait for the next."""

    def __init__(self, pipeline: Pipeline, threads: Executor, working: Callable[[], int]) -> None:
        self._pipeline = pipeline
        self._threads = threads
        self._working = working
        self._waiting: list[_BatchItem] = []
        self._added = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def run(self, request: GenerationRequest) -> list[Media]:
        """Wait for a batch, run the job in it and return its media."""
        # `batch_key` decodes a reference, which takes longer than a response to /healthz may.
        key = await asyncio.to_thread(self._pipeline.batch_key, request)
        item = _BatchItem(request, key, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        self._added.set()
        if self._task is None:
            self._task = asyncio.create_task(self._serve())
        return await item.media

    async def _serve(self) -> None:
        try:
            while self._waiting:
                await self._wait_for_batch()
                await self._generate(self._next())
        finally:
            self._task = None

    async def _wait_for_batch(self) -> None:
        """Wait until no job with a slot is missing, for at most `BATCH_WINDOW_SECONDS`."""
        deadline = time.monotonic() + BATCH_WINDOW_SECONDS
        while (
            self._images(self._waiting) < self._max_images and len(self._waiting) < self._working()
        ):
            self._added.clear()
            try:
                await asyncio.wait_for(self._added.wait(), deadline - time.monotonic())
            except TimeoutError:
                return

    def _next(self) -> list[_BatchItem]:
        """Remove and return the first waiting job with as many with its key as fit a batch."""
        first, *later = self._waiting
        batch = [first]
        for item in later:
            fits = self._images([*batch, item]) <= self._max_images
            if fits and item.key == first.key:
                batch.append(item)
        self._waiting = [item for item in self._waiting if item not in batch]
        return batch

    async def _generate(self, batch: Sequence[_BatchItem]) -> None:
        """Run the batch; if it fails, run each job alone, so that no job fails another."""
        batch = [item for item in batch if not item.media.done()]
        if not batch:
            return
        try:
            results = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._pipeline.generate, _isolate_cancellation(batch)
            )
            ended = list(zip(batch, results, strict=True))
        except Exception as error:  # noqa: BLE001 - a pipeline may raise anything; its jobs get it
            if len(batch) > 1 and not isinstance(error, JobCancelled):
                log.event("batch failed", severity="WARNING", jobs=len(batch))
                for item in batch:
                    await self._generate([item])
                return
            for item in batch:
                item.end(error)
        else:
            for item, media in ended:
                item.end(media)

    @property
    def _max_images(self) -> int:
        return self._pipeline.max_batch_size or 1

    @staticmethod
    def _images(items: Sequence[_BatchItem]) -> int:
        return sum(item.request.message.parameters.num_images for item in items)


def _isolate_cancellation(batch: Sequence[_BatchItem]) -> list[GenerationRequest]:
    """Return the batch's requests; a cancelled job ends at once while the rest of them go on."""
    loop, running = asyncio.get_running_loop(), set(batch)

    def isolate(item: _BatchItem) -> GenerationRequest:
        def on_step(step: int, steps: int) -> None:
            if item not in running:
                return
            try:
                item.request.on_step(step, steps)
            except JobCancelled as cancelled:
                running.discard(item)
                loop.call_soon_threadsafe(item.end, cancelled)
                if not running:
                    raise

        return replace(item.request, on_step=on_step)

    return [isolate(item) for item in batch]
