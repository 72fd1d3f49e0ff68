"""Job progress and the heartbeat loop.

The inference thread reports steps; a heartbeat is sent after a step, at most four times a second,
and without a step when it is due.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from gpu_workers.runtime.pipeline import JobCancelled

MIN_SECONDS_BETWEEN = 0.25
"""Between two heartbeats of one job: progress is sent at most four times a second."""

StopReason = Literal["ended", "draining"]


class Progress:
    """One job's progress. Created in the event loop; ``on_step`` is called in another thread."""

    def __init__(self) -> None:
        self.step = 0
        self.steps = 0
        self.shown = False
        """Whether a preview is stored at its URL."""
        self.stop_reason: StopReason | None = None
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()

    @property
    def fraction(self) -> float:
        """The part of the steps that is done, 0 to 1."""
        return min(self.step / self.steps, 1.0) if self.steps else 0.0

    def stop(self, reason: StopReason) -> None:
        """Cancel the job at its next step; a reason that is set already stays."""
        self.stop_reason = self.stop_reason or reason

    def on_step(self, step: int, steps: int) -> None:
        """Record a step.

        Raises:
            JobCancelled: the job is to stop.
        """
        self.step, self.steps = step, steps
        if self.stop_reason:
            raise JobCancelled
        self._loop.call_soon_threadsafe(self._news.set)

    async def wait_for_update(self, within: float) -> None:
        """Wait for a step that has not been sent yet, at most ``within`` seconds."""
        try:
            await asyncio.wait_for(self._news.wait(), within)
        except TimeoutError:
            return
        finally:
            self._news.clear()


async def heartbeat_loop(
    progress: Progress, send: Callable[[], Awaitable[bool]], *, every: float
) -> None:
    """Call ``send`` after a step or every ``every`` seconds, until it returns False.

    Args:
        progress: stopped with reason ``ended`` when ``send`` returns False.
        send: sends a heartbeat; returns whether the job goes on.
        every: seconds between two heartbeats without a step.
    """
    while True:
        await progress.wait_for_update(within=every)
        if not await send():
            progress.stop("ended")
            return
        await asyncio.sleep(MIN_SECONDS_BETWEEN)
