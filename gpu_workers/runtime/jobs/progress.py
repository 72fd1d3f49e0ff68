"""How far a job is, between the inference thread that reports it and the heartbeat that tells it.

A heartbeat goes out with news, at most four times a second, and without news when it is due.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from gpu_workers.runtime.pipeline import JobCancelled

MIN_SECONDS_BETWEEN = 0.25
"""Between two heartbeats of one job: progress is told at most four times a second."""

StopReason = Literal["ended", "draining"]


class Progress:
    """One job's progress. Made in the event loop; ``on_step`` is called in another thread."""

    def __init__(self) -> None:
        self.step = 0
        self.steps = 0
        self.shown = False
        """Whether a preview lies at its address."""
        self.stop_reason: StopReason | None = None
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()

    @property
    def fraction(self) -> float:
        """0 to 1."""
        return min(self.step / self.steps, 1.0) if self.steps else 0.0

    def stop(self, reason: StopReason) -> None:
        """Make the next step the last. The first reason holds."""
        self.stop_reason = self.stop_reason or reason

    def on_step(self, step: int, steps: int) -> None:
        """Note a step.

        Raises:
            JobCancelled: the job is to stop.
        """
        self.step, self.steps = step, steps
        if self.stop_reason:
            raise JobCancelled
        self._loop.call_soon_threadsafe(self._news.set)

    async def wait_for_update(self, within: float) -> None:
        """Wait for a step that has not been told, for at most so many seconds."""
        try:
            await asyncio.wait_for(self._news.wait(), within)
        except TimeoutError:
            return
        finally:
            self._news.clear()


async def heartbeat_loop(
    progress: Progress, send: Callable[[], Awaitable[bool]], *, every: float
) -> None:
    """Call ``send`` with news or each ``every`` seconds, until it says that the job has ended."""
    while True:
        await progress.wait_for_update(within=every)
        if not await send():
            progress.stop("ended")
            return
        await asyncio.sleep(MIN_SECONDS_BETWEEN)
