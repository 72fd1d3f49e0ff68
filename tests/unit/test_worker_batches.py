"""Batching: jobs that wait together run together, and each has its own result."""

import asyncio
from collections.abc import Callable, Hashable, Sequence

import pytest
from PIL import Image

from gpu_workers.runtime.jobs import preview, task_result
from gpu_workers.runtime.pipeline import GenerationRequest, Media
from shared.contracts.worker_protocol import CallbackRequest
from tests.support import local_system
from tests.support.local_system import TIMEOUT_SECONDS
from tests.unit.fake_services import Neighbours
from tests.unit.worker_fixtures import Together, message, until, working


class RingLast(Together):
    """A pipeline whose ring job gets its batch key late, so that it is not in the first batch."""

    def batch_key(self, work: GenerationRequest) -> Hashable:
        if work.message.parameters.prompt == "a ring":
            local_system.wait_until(lambda: bool(self.batches), what="the first batch to begin")
        return super().batch_key(work)


async def test_jobs_of_one_kind_that_wait_together_are_one_batch_each_with_its_result() -> None:
    neighbours, pipeline = Neighbours(), RingLast()
    jobs = [message(seed=seed) for seed in range(1, 6)] + [message(seed=6, prompt="a ring")]
    async with working(neighbours, {"sdxl": pipeline}, slots=6) as worker:
        ended = await asyncio.gather(*map(worker.run, jobs))
    assert ended == [task_result.COMPLETED] * 6
    sizes = sorted(len(batch) for batch in pipeline.batches)
    assert sizes == [1, 1, 4]
    assert [6] in pipeline.batches, "it is of another kind"
    results_by_job = {
        callback.job_id: callback.results for callback in neighbours.callbacks if callback.results
    }
    assert {job.job_id: job.parameters.seed for job in jobs if job.job_id in results_by_job} == {
        job_id: results.assets[0].seed for job_id, results in results_by_job.items()
    }


async def test_a_batch_holds_no_more_images_than_may_be_made_at_once() -> None:
    neighbours, pipeline = Neighbours(), Together()
    neighbours.images = 3
    jobs = [message(seed=seed, num_images=3) for seed in (1, 10)]
    async with working(neighbours, {"sdxl": pipeline}, slots=2) as worker:
        await asyncio.gather(*map(worker.run, jobs))
    assert sorted(pipeline.batches) == [[1], [10]]


async def test_the_model_is_loaded_once_for_all_jobs() -> None:
    neighbours, pipeline = Neighbours(), Together(steps=1)
    async with working(neighbours, {"sdxl": pipeline, "wan": pipeline}) as worker:
        for _ in range(3):
            assert await worker.run(message()) is task_result.COMPLETED
    assert pipeline.loads == 1


async def test_a_single_job_does_not_wait_for_a_batch() -> None:
    neighbours, pipeline = Neighbours(), Together(steps=1)
    async with working(neighbours, {"sdxl": pipeline}, slots=4) as worker:
        # A batch with free places waits for hours for jobs on the way; here there are none.
        running = worker.run(message())
        assert await asyncio.wait_for(running, TIMEOUT_SECONDS) is task_result.COMPLETED


async def test_cancelling_one_of_a_batch_leaves_the_others_theirs() -> None:
    neighbours, pipeline = Neighbours(), Together()
    pipeline.may_end.clear()
    first, cancelled = message(seed=1), message(seed=2)
    neighbours.ended.add(cancelled.job_id)
    async with working(neighbours, {"sdxl": pipeline}, slots=2) as worker:
        going = asyncio.create_task(worker.run(first))
        assert await worker.run(cancelled) is task_result.STOPPED
        assert not going.done(), "it stops at its next step, not with the batch"
        pipeline.may_end.set()
        assert await going is task_result.COMPLETED
    assert [sorted(batch) for batch in pipeline.batches] == [[1, 2]]
    assert pipeline.stopped == 0
    assert neighbours.callbacks[-1].job_id == first.job_id


async def test_a_batch_of_which_all_are_cancelled_stops() -> None:
    neighbours, pipeline = Neighbours(), Together()
    pipeline.may_end.clear()
    jobs = [message(seed=1), message(seed=2)]
    neighbours.ended = {job.job_id for job in jobs}
    async with working(neighbours, {"sdxl": pipeline}, slots=2) as worker:
        assert await asyncio.gather(*map(worker.run, jobs)) == [task_result.STOPPED] * 2
    assert (len(pipeline.batches), pipeline.stopped) == (1, 1)
    assert not neighbours.stored


async def test_a_job_that_breaks_its_batch_ends_no_other() -> None:
    neighbours, pipeline = Neighbours(), Together()
    pipeline.broken = 2
    jobs = [message(seed=seed) for seed in (1, 2)]
    async with working(neighbours, {"sdxl": pipeline}, slots=2) as worker:
        ended = await asyncio.gather(*map(worker.run, jobs))
    assert ended == [task_result.COMPLETED, task_result.FAILED]
    assert sorted(sorted(batch) for batch in pipeline.batches) == [[1], [1, 2], [2]]


async def test_draining_hands_back_those_that_run_and_those_that_wait_for_their_batch() -> None:
    neighbours, pipeline = Neighbours(), Together()
    pipeline.may_end.clear()
    async with working(neighbours, {"sdxl": pipeline}, slots=2) as worker:
        held = [
            asyncio.create_task(worker.run(message(prompt=prompt))) for prompt in ("one", "other")
        ]
        # A batch begins once both jobs have reached it: one of them is in it, the other waits.
        await until(lambda: bool(pipeline.batches), what="a batch to begin")
        await worker.drain()
        assert await asyncio.gather(*held) == [task_result.REQUEUED] * 2


class Clock:
    """Replaces the module ``time`` where a test controls how much of it has passed."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of previews, controlled by the test."""
    clock = Clock()
    monkeypatch.setattr(preview, "time", clock)
    return clock


class Previewing(Together):
    """A pipeline that runs a function of the test as the steps of its one job."""

    def __init__(self, take_steps: Callable[[GenerationRequest], None]) -> None:
        super().__init__()
        self.take_steps = take_steps

    def generate(self, works: Sequence[GenerationRequest]) -> list[list[Media]]:
        (work,) = works
        self.take_steps(work)
        return super().generate(works)


async def test_previews_are_sent_at_most_once_a_second(clock: Clock) -> None:
    neighbours = Neighbours()
    drawn_at: list[float] = []

    def draw() -> Image.Image:
        drawn_at.append(clock.now)
        return Image.new("RGB", (300, 200), (9, 99, 9))

    def heartbeats() -> list[CallbackRequest]:
        return [callback for callback in neighbours.callbacks if callback.progress is not None]

    def show_at(now: float, work: GenerationRequest) -> None:
        clock.now = now
        work.on_step(1, 5)
        work.on_preview(draw)

    def is_reported(work: GenerationRequest) -> bool:
        work.on_step(1, 5)
        return any(callback.preview for callback in heartbeats())

    def take_steps(work: GenerationRequest) -> None:
        show_at(0.99, work)
        local_system.wait_until(
            lambda: bool(heartbeats()), what="a heartbeat before the first preview"
        )
        show_at(1, work)
        local_system.wait_until(
            lambda: is_reported(work), what="a heartbeat that reports the preview"
        )
        show_at(1.5, work)
        show_at(1.99, work)
        show_at(2, work)
        local_system.wait_until(
            lambda: len(neighbours.previews) == len(drawn_at), what="each to be stored"
        )

    async with working(neighbours, {"sdxl": Previewing(take_steps)}) as worker:
        assert await worker.run(message()) is task_result.COMPLETED
    assert drawn_at == [1, 2]
    assert neighbours.previews[0][8:12] == b"WEBP"
    beats = [callback.preview for callback in heartbeats()]
    assert beats[0] is None, "there is none yet"
    assert beats[-1] is True


async def test_a_refused_preview_fails_no_job(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    neighbours = Neighbours()
    neighbours.refusals["preview.webp"] = 403
    drawn: list[int] = []

    def draw() -> Image.Image:
        drawn.append(1)
        return Image.new("RGB", (300, 200))

    def is_drawn_again(work: GenerationRequest) -> bool:
        work.on_preview(draw)
        return len(drawn) > 1

    def take_steps(work: GenerationRequest) -> None:
        clock.now = 1
        work.on_preview(draw)
        clock.now = 2
        # The second preview is drawn once the first upload has been answered.
        local_system.wait_until(
            lambda: is_drawn_again(work), what="the first preview to be answered"
        )

    async with working(neighbours, {"sdxl": Previewing(take_steps)}) as worker:
        assert await worker.run(message()) is task_result.COMPLETED
    assert "preview not stored" in capsys.readouterr().out
