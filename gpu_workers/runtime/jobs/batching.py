"""The inference threads, and the jobs of one kind that take one of them together."""

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from gpu_workers.runtime import log
from gpu_workers.runtime.pipeline import Batching, GenerationRequest, JobCancelled, Media, Pipeline

BATCH_WINDOW_SECONDS = 0.25
"""For jobs that have their turn and are still being claimed to come to the batch."""


class Inference:
    """Runs what pipelines make; ``working`` tells how many jobs have their turn."""

    def __init__(self, threads: Executor, working: Callable[[], int]) -> None:
        self._threads = threads
        self._working = working
        self._batchers: dict[Batching, Batcher] = {}

    async def run(self, pipeline: Pipeline, work: GenerationRequest) -> list[Media]:
        """One job's media, made alone or in a batch."""
        if isinstance(pipeline, Batching):
            if pipeline not in self._batchers:
                self._batchers[pipeline] = Batcher(pipeline, self._threads, self._working)
            return await self._batchers[pipeline].run(work)
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, pipeline.run, work.message, work.references, work.on_step
        )


@dataclass(eq=False)
class _BatchItem:
    """One job's place in a batch."""

    work: GenerationRequest
    kind: Hashable
    made: asyncio.Future[list[Media]]

    def end(self, result: list[Media] | BaseException) -> None:
        if self.made.done():
            return
        if isinstance(result, BaseException):
            self.made.set_exception(result)
        else:
            self.made.set_result(result)


class Batcher:
    """One batch at a time of one pipeline; whoever comes meanwhile waits for the next."""

    def __init__(self, pipeline: Batching, threads: Executor, working: Callable[[], int]) -> None:
        self._pipeline = pipeline
        self._threads = threads
        self._working = working
        self._waiting: list[_BatchItem] = []
        self._news = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    async def run(self, work: GenerationRequest) -> list[Media]:
        """What the job asks for."""
        # A reference is decoded for it, and that takes longer than an answer to /healthz may.
        kind = await asyncio.to_thread(self._pipeline.batch_key, work)
        place = _BatchItem(work, kind, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        self._news.set()
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await place.made

    async def _serve(self) -> None:
        try:
            while self._waiting:
                await self._wait_for_batch()
                await self._make(self._next())
        finally:
            self._serving = None

    async def _wait_for_batch(self) -> None:
        """Wait until nobody is on the way, for a moment at most."""
        until = time.monotonic() + BATCH_WINDOW_SECONDS
        while (
            self._images(self._waiting) < self._pipeline.max_images
            and len(self._waiting) < self._working()
        ):
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), until - time.monotonic())
            except TimeoutError:
                return

    def _next(self) -> list[_BatchItem]:
        """The first in line with those of its kind, as many as go together."""
        first, *others = self._waiting
        batch = [first]
        for place in others:
            fits = self._images([*batch, place]) <= self._pipeline.max_images
            if fits and place.kind == first.kind:
                batch.append(place)
        self._waiting = [place for place in self._waiting if place not in batch]
        return batch

    async def _make(self, batch: Sequence[_BatchItem]) -> None:
        """Run the batch; where it fails, each of its jobs by itself, so that none ends another."""
        batch = [place for place in batch if not place.made.done()]
        if not batch:
            return
        try:
            made = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._pipeline.run_together, _isolate_cancellation(batch)
            )
            ended = list(zip(batch, made, strict=True))
        except Exception as error:  # noqa: BLE001 - a pipeline may raise anything; its jobs hear it
            if len(batch) > 1 and not isinstance(error, JobCancelled):
                log.event("batch broke", severity="WARNING", jobs=len(batch))
                for place in batch:
                    await self._make([place])
                return
            for place in batch:
                place.end(error)
        else:
            for place, media in ended:
                place.end(media)

    @staticmethod
    def _images(places: Sequence[_BatchItem]) -> int:
        return sum(place.work.message.parameters.num_images for place in places)


def _isolate_cancellation(batch: Sequence[_BatchItem]) -> list[GenerationRequest]:
    """The works, of which one that is told to stop ends at once while the others go on."""
    loop, going = asyncio.get_running_loop(), set(batch)

    def told(place: _BatchItem) -> GenerationRequest:
        def on_step(step: int, steps: int) -> None:
            if place not in going:
                return
            try:
                place.work.on_step(step, steps)
            except JobCancelled as stopped:
                going.discard(place)
                loop.call_soon_threadsafe(place.end, stopped)
                if not going:
                    raise

        return replace(place.work, on_step=on_step)

    return [told(place) for place in batch]
