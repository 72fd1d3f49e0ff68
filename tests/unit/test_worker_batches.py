"""Jobs that wait together run together, and each has its own end."""

import asyncio
import time

import pytest

from gpu_workers.runtime import outcome
from tests.unit.neighbours import Neighbours
from tests.unit.working import Together, message, working


async def test_jobs_of_one_kind_that_wait_together_are_one_batch_each_with_its_result() -> None:
    neighbours, pipeline = Neighbours(), Together()
    jobs = [message(seed=seed) for seed in range(1, 6)] + [message(seed=6, prompt="a ring")]
    async with working(neighbours, {"sdxl": pipeline}, slots=6) as worker:
        ended = await asyncio.gather(*map(worker.run, jobs))
    assert ended == [outcome.COMPLETED] * 6
    sizes = sorted(len(batch) for batch in pipeline.batches)
    assert sizes == [1, 1, 4]
    assert [6] in pipeline.batches, "it is of another kind"
    told = {letter.job_id: letter.results for letter in neighbours.letters if letter.results}
    assert {job.job_id: job.parameters.seed for job in jobs if job.job_id in told} == {
        job_id: results.assets[0].seed for job_id, results in told.items()
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
            assert await worker.run(message()) is outcome.COMPLETED
    assert pipeline.loads == 1


async def test_a_job_alone_waits_for_nobody() -> None:
    neighbours, pipeline = Neighbours(), Together(steps=1, step_seconds=0)
    async with working(neighbours, {"sdxl": pipeline}, slots=4) as worker:
        began = time.monotonic()
        assert await worker.run(message()) is outcome.COMPLETED
    assert time.monotonic() - began < 0.2


async def test_cancelling_one_of_a_batch_leaves_the_others_theirs() -> None:
    neighbours, pipeline = Neighbours(), Together(steps=60)
    first, cancelled = message(seed=1), message(seed=2)
    neighbours.ended.add(cancelled.job_id)
    async with working(neighbours, {"sdxl": pipeline}, slots=2) as worker:
        going = asyncio.create_task(worker.run(first))
        assert await worker.run(cancelled) is outcome.STOPPED
        assert not going.done(), "it stops at its next step, not with the batch"
        assert await going is outcome.COMPLETED
    assert [sorted(batch) for batch in pipeline.batches] == [[1, 2]]
    assert pipeline.stopped == 0
    assert neighbours.letters[-1].job_id == first.job_id


async def test_a_batch_of_which_all_are_cancelled_stops() -> None:
    neighbours, pipeline = Neighbours(), Together(steps=500)
    jobs = [message(seed=1), message(seed=2)]
    neighbours.ended = {job.job_id for job in jobs}
    async with working(neighbours, {"sdxl": pipeline}, slots=2) as worker:
        assert await asyncio.gather(*map(worker.run, jobs)) == [outcome.STOPPED] * 2
    assert (len(pipeline.batches), pipeline.stopped) == (1, 1)
    assert not neighbours.stored


async def test_a_job_that_breaks_its_batch_ends_no_other() -> None:
    neighbours, pipeline = Neighbours(), Together()
    pipeline.broken = 2
    jobs = [message(seed=seed) for seed in (1, 2)]
    async with working(neighbours, {"sdxl": pipeline}, slots=2) as worker:
        ended = await asyncio.gather(*map(worker.run, jobs))
    assert ended == [outcome.COMPLETED, outcome.FAILED]
    assert sorted(sorted(batch) for batch in pipeline.batches) == [[1], [1, 2], [2]]


async def test_draining_hands_back_those_that_run_and_those_that_wait_for_their_batch() -> None:
    neighbours, pipeline = Neighbours(), Together(steps=500)
    async with working(neighbours, {"sdxl": pipeline}, slots=2) as worker:
        held = [
            asyncio.create_task(worker.run(message(prompt=prompt))) for prompt in ("one", "other")
        ]
        await asyncio.sleep(0.4)
        await worker.drain()
        assert await asyncio.gather(*held) == [outcome.HANDED_BACK] * 2


async def test_previews_go_to_their_place_at_most_so_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gpu_workers.runtime import preview  # noqa: PLC0415 - its clock is set first

    monkeypatch.setattr(preview, "LEAST_SECONDS_BETWEEN", 0.15)
    neighbours, pipeline = Neighbours(), Together(steps=30)
    async with working(neighbours, {"sdxl": pipeline}) as worker:
        assert await worker.run(message()) is outcome.COMPLETED
    assert 1 <= len(neighbours.previews) <= 5
    assert neighbours.previews[0][8:12] == b"WEBP"
    beats = [letter.preview for letter in neighbours.letters if letter.progress is not None]
    assert beats[0] is None, "there is none yet"
    assert beats[-1] is True


async def test_a_preview_that_is_not_taken_is_nobodys_loss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gpu_workers.runtime import preview  # noqa: PLC0415 - its clock is set first

    monkeypatch.setattr(preview, "LEAST_SECONDS_BETWEEN", 0.01)
    neighbours, pipeline = Neighbours(), Together()
    neighbours.refusals["preview.webp"] = 403
    async with working(neighbours, {"sdxl": pipeline}) as worker:
        assert await worker.run(message()) is outcome.COMPLETED
    assert "preview not stored" in capsys.readouterr().out
