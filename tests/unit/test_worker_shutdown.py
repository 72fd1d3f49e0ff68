"""Jobs that do not complete: failed, stopped, returned to the queue, or never started."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime.jobs import task_result
from gpu_workers.runtime.jobs.worker import Worker
from gpu_workers.runtime.pipeline import PermanentError, ReferenceImage
from shared.contracts.worker_protocol import ReferenceInput
from tests.unit.fake_services import HOME, REFUSED, Neighbours
from tests.unit.worker_fixtures import Stepping, message, until, working


@pytest.fixture
def neighbours() -> Neighbours:
    return Neighbours()


@pytest_asyncio.fixture
async def worker(neighbours: Neighbours) -> AsyncIterator[Worker]:
    async with working(neighbours, {"sdxl": NoopPipeline()}) as one:
        yield one


def serve(worker: Worker, pipeline: Stepping) -> None:
    worker.pipelines["sdxl"] = pipeline  # type: ignore[index]


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (PermanentError("bad_input", "It cannot be drawn."), "bad_input", False),
        (RuntimeError("a red star, at https://signed.test/x"), "worker_error", True),
    ],
)
async def test_error_of_a_pipeline_is_reported(
    worker: Worker,
    neighbours: Neighbours,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: str,
    *,
    retryable: bool,
) -> None:
    serve(worker, Stepping(error))
    assert await worker.run(message()) is task_result.FAILED
    callback = neighbours.callbacks[-1]
    assert callback.failure is not None
    assert (callback.failure.code, callback.failure.retryable) == (code, retryable)
    assert "Traceback" not in (callback.error_message or "")
    logged = capsys.readouterr().out
    assert "a red star" not in logged
    assert "signed.test" not in logged


@pytest.mark.parametrize("job_type", ["wan_video_fast", "unheard_of"])
async def test_type_that_no_pipeline_serves_is_a_permanent_failure(
    worker: Worker, neighbours: Neighbours, job_type: str
) -> None:
    assert await worker.run(message(job_type=job_type)) is task_result.FAILED
    failure = neighbours.callbacks[-1].failure
    assert failure is not None
    assert (failure.code, failure.retryable) == ("unsupported_job_type", False)


async def test_references_are_downloaded_for_the_pipeline(
    worker: Worker, neighbours: Neighbours
) -> None:
    pipeline = Stepping(PermanentError("enough", "Seen enough."))
    serve(worker, pipeline)
    neighbours.references = [ReferenceInput(role="reference", url=f"{HOME}/x", type="style")]
    await worker.run(message())
    assert pipeline.references == [ReferenceImage("reference", "style", b"picture")]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"message": "ended", "proceed": False}),
        httpx.Response(409, json=REFUSED),
        httpx.Response(403, json=REFUSED),
    ],
)
async def test_heartbeat_without_proceed_ends_the_job_without_an_upload(
    worker: Worker, neighbours: Neighbours, answer: httpx.Response
) -> None:
    serve(worker, Stepping())
    neighbours.answers["heartbeat"] = [httpx.Response(503), answer]
    assert await worker.run(message()) is task_result.STOPPED
    assert neighbours.kinds == ["claim", "heartbeat", "heartbeat"]
    assert not neighbours.stored


async def test_draining_hands_the_running_job_back_and_sends_the_waiting_away(
    worker: Worker, neighbours: Neighbours
) -> None:
    pipeline = Stepping()
    serve(worker, pipeline)
    running = asyncio.create_task(worker.run(message()))
    waiting = asyncio.create_task(worker.run(message()))
    await until(lambda: pipeline.steps_taken > 0, what="the first job to run")
    assert (worker.queue.working, worker.queue.waiting) == (1, 1)
    await worker.drain()
    assert await waiting is task_result.DRAINING
    assert await running is task_result.REQUEUED
    assert await worker.run(message()) is task_result.DRAINING
    failure = neighbours.callbacks[-1].failure
    assert failure is not None
    assert (failure.code, failure.retryable, failure.requeue) == ("draining", True, True)


async def test_expired_message_is_not_claimed(worker: Worker, neighbours: Neighbours) -> None:
    ended = message(seconds_left=-1)
    assert await worker.run(ended) is task_result.EXPIRED
    assert not neighbours.callbacks


async def test_second_delivery_and_a_full_line_are_refused(
    worker: Worker, neighbours: Neighbours
) -> None:
    pipeline = Stepping()
    serve(worker, pipeline)
    first, *others = (message() for _ in range(3))
    held = [asyncio.create_task(worker.run(message)) for message in (first, *others)]
    await until(lambda: pipeline.steps_taken > 0, what="the first job to run")
    assert await worker.run(first) is task_result.DUPLICATE
    assert await worker.run(message()) is task_result.BUSY
    await worker.drain()
    await asyncio.gather(*held)
    assert neighbours.kinds.count("claim") == 1
