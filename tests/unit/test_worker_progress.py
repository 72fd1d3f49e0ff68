"""Heartbeats: sent on progress, at most four times a second, and when they are due."""

import asyncio

import pytest

from gpu_workers.runtime.jobs.progress import Progress, heartbeat_loop
from gpu_workers.runtime.pipeline import JobCancelled
from tests.support.virtual_time import run_in_virtual_time


class Sent:
    """A heartbeat callback that records the times at which it was sent."""

    def __init__(self, *answers: bool) -> None:
        self.at: list[float] = []
        self._answers = list(answers)

    async def __call__(self) -> bool:
        self.at.append(asyncio.get_running_loop().time())
        return self._answers.pop(0) if self._answers else True


async def beating_for(seconds: float, progress: Progress, sent: Sent, *, every: float) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(heartbeat_loop(progress, sent, every=every), seconds)


def test_steps_are_sent_at_most_four_times_a_second() -> None:
    sent = Sent()

    async def take_steps() -> None:
        progress = Progress()
        heartbeats = asyncio.create_task(beating_for(0.9, progress, sent, every=60))
        for step in range(80):
            progress.on_step(step + 1, 80)
            await asyncio.sleep(0.01)
        await heartbeats

    run_in_virtual_time(take_steps())
    assert sent.at == pytest.approx([0, 0.25, 0.5, 0.75])


def test_heartbeat_goes_out_when_due_without_any_step() -> None:
    sent = Sent()

    async def wait() -> None:
        await beating_for(35, Progress(), sent, every=10)

    run_in_virtual_time(wait())
    assert sent.at == pytest.approx([10, 20.25, 30.5])


async def test_answer_that_the_job_ended_stops_the_next_step() -> None:
    progress = Progress()
    await heartbeat_loop(progress, Sent(False), every=0.01)
    with pytest.raises(JobCancelled):
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
