"""Heartbeats: told with news, at most four times a second, and when they are due."""

import asyncio
import time

import pytest

from gpu_workers.runtime.pipeline import Stopped
from gpu_workers.runtime.progress import LEAST_SECONDS_BETWEEN, Progress, beat


class Sent:
    """A heartbeat that remembers when it went out."""

    def __init__(self, *answers: bool) -> None:
        self.at: list[float] = []
        self._answers = list(answers)

    async def __call__(self) -> bool:
        self.at.append(time.monotonic())
        return self._answers.pop(0) if self._answers else True


async def beating_for(seconds: float, progress: Progress, sent: Sent, *, every: float) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(beat(progress, sent, every=every), seconds)


async def test_steps_are_told_at_most_four_times_a_second() -> None:
    progress, sent = Progress(), Sent()
    telling = asyncio.create_task(beating_for(0.9, progress, sent, every=60))
    for step in range(80):
        progress.on_step(step + 1, 80)
        await asyncio.sleep(0.01)
    await telling
    gaps = [later - earlier for earlier, later in zip(sent.at, sent.at[1:], strict=False)]
    assert 3 <= len(sent.at) <= 4
    assert min(gaps) >= LEAST_SECONDS_BETWEEN * 0.98


async def test_heartbeat_goes_out_when_due_without_any_step() -> None:
    sent = Sent()
    await beating_for(0.7, Progress(), sent, every=0.05)
    assert len(sent.at) >= 2


async def test_answer_that_the_job_ended_stops_the_next_step() -> None:
    progress = Progress()
    await beat(progress, Sent(False), every=0.01)
    with pytest.raises(Stopped):
        progress.on_step(1, 10)
    assert progress.stop_reason == "ended"


async def test_first_reason_to_stop_holds() -> None:
    progress = Progress()
    progress.stop("draining")
    progress.stop("ended")
    assert progress.stop_reason == "draining"


async def test_fraction_is_zero_before_the_first_step_and_never_beyond_one() -> None:
    progress = Progress()
    assert progress.fraction == 0
    progress.on_step(3, 12)
    assert progress.fraction == 0.25
    progress.on_step(13, 12)
    assert progress.fraction == 1
