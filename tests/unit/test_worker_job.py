"""One job's life on a worker, against functions and a store that answer as they are told."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import google_crc32c
import httpx
import pytest
import pytest_asyncio

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime import outcome
from gpu_workers.runtime.pipeline import Media, OnStep, PermanentError, ReferenceImage
from gpu_workers.runtime.settings import WorkerSettings
from gpu_workers.runtime.worker import Worker
from shared.contracts import signature
from shared.contracts.letters import (
    CallbackRequest,
    JobMessage,
    Parameters,
    Reference,
    SealedManifest,
)
from tests.unit.neighbours import HOME, KEY, REFUSED, Neighbours


class Stepping:
    """A pipeline that takes steps until it is stopped, or raises what it is told."""

    models = ("stepping",)

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.references: Sequence[ReferenceImage] = ()

    def load(self) -> None:
        pass

    def run(
        self, message: JobMessage, references: Sequence[ReferenceImage], on_step: OnStep
    ) -> list[Media]:
        self.references = references
        if self.error:
            raise self.error
        for step in range(1, 1000):
            on_step(step, 1000)
            # A step's work, in a thread of its own.
            asyncio.run(asyncio.sleep(0.005))
        return NoopPipeline().run(message, references, on_step)


def message(**changed: object) -> JobMessage:
    wanted = Parameters(
        prompt="a red star", steps=1, guidance_scale=6.0, seed=1, num_images=1
    ).model_copy(update=changed.pop("parameters", {}))  # type: ignore[arg-type]
    whole = JobMessage(
        job_id=uuid4(),
        user_id=uuid4(),
        dispatch_no=3,
        job_type="sdxl_image_fast",
        parameters=wanted,
        expires_at=datetime.now(UTC) + timedelta(minutes=5),
    )
    return whole.model_copy(update=changed)


@pytest.fixture
def neighbours() -> Neighbours:
    return Neighbours()


@pytest_asyncio.fixture
async def worker(neighbours: Neighbours) -> AsyncIterator[Worker]:
    settings = WorkerSettings(
        worker_id="w", worker_key=KEY, functions_url=HOME, port=1, drain_seconds=0.05
    )
    async with httpx.AsyncClient(transport=httpx.MockTransport(neighbours)) as http:
        one = Worker(settings, {"sdxl": NoopPipeline()}, http)
        await one.load()
        yield one
        one.threads.shutdown()


def serve(worker: Worker, pipeline: Stepping) -> None:
    worker.pipelines["sdxl"] = pipeline  # type: ignore[index]


async def test_job_is_claimed_uploaded_and_completed(
    worker: Worker, neighbours: Neighbours
) -> None:
    neighbours.images = 2
    wanted = message(parameters={"num_images": 2})
    assert await worker.run(wanted) is outcome.COMPLETED
    assert neighbours.kinds == ["claim", "completed"]
    claim, completed = neighbours.letters
    assert (claim.job_id, claim.dispatch_no) == (wanted.job_id, 3)
    assert completed.claim_id == claim.claim_id
    assert completed.results is not None
    assert [asset.asset_index for asset in completed.results.assets] == [0, 1]
    assert [asset.seed for asset in completed.results.assets] == [1, 2]
    for asset in completed.results.assets:
        content = neighbours.stored[asset.temp_storage_path]
        checksum = google_crc32c.value(content).to_bytes(4, "big")
        assert asset.file_size_bytes == len(content)
        assert asset.crc32c == base64.b64encode(checksum).decode()
        assert asset.thumbnail_path in neighbours.stored


async def test_manifest_is_the_completed_letter_under_its_own_seal(
    worker: Worker, neighbours: Neighbours
) -> None:
    await worker.run(message())
    assert list(neighbours.stored)[-1] == "manifest.json"
    manifest = SealedManifest.model_validate_json(neighbours.stored["manifest.json"])
    now = datetime.now(UTC).timestamp()
    sealed_id = signature.check_seal([KEY], manifest.headers, manifest.body.encode(), now=now)
    assert sealed_id == neighbours.message_ids[-1]
    assert CallbackRequest.model_validate_json(manifest.body) == neighbours.letters[-1]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(200, json={"message": "ended", "proceed": False}), outcome.DECLINED),
        (httpx.Response(409, json={**REFUSED, "code": "claimed"}), outcome.CLAIMED),
        (httpx.Response(403, json=REFUSED), outcome.DECLINED),
        (httpx.Response(401, json=REFUSED), outcome.NOT_CLAIMED),
        (httpx.Response(200, text="<html>"), outcome.NOT_CLAIMED),
    ],
)
async def test_job_ends_with_a_claim_that_is_not_granted(
    worker: Worker,
    neighbours: Neighbours,
    answer: httpx.Response,
    expected: outcome.Outcome,
) -> None:
    neighbours.answers["claim"] = [answer]
    assert await worker.run(message()) is expected
    assert neighbours.kinds == ["claim"]
    assert not neighbours.stored


async def test_completed_is_repeated_with_its_webhook_id_until_it_is_heard(
    worker: Worker, neighbours: Neighbours
) -> None:
    neighbours.answers["completed"] = [httpx.Response(503), httpx.Response(429)]
    assert await worker.run(message()) is outcome.COMPLETED
    assert neighbours.kinds == ["claim", "completed", "completed", "completed"]
    assert len(set(neighbours.message_ids[1:])) == 1


async def test_missing_object_is_uploaded_again(worker: Worker, neighbours: Neighbours) -> None:
    neighbours.lost = ["0.png"]
    assert await worker.run(message()) is outcome.COMPLETED
    assert neighbours.kinds == ["claim", "completed", "completed"]


async def test_object_that_stays_missing_is_a_retryable_failure(
    worker: Worker, neighbours: Neighbours
) -> None:
    neighbours.lost = ["0.png"] * 4
    assert await worker.run(message()) is outcome.FAILED
    assert neighbours.kinds == ["claim", *["completed"] * 4, "failed"]
    failure = neighbours.letters[-1].failure
    assert failure is not None
    assert (failure.code, failure.retryable) == ("object_missing", True)


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
    assert await worker.run(message()) is outcome.FAILED
    told = neighbours.letters[-1]
    assert told.failure is not None
    assert (told.failure.code, told.failure.retryable) == (code, retryable)
    assert "Traceback" not in (told.error_message or "")
    logged = capsys.readouterr().out
    assert "a red star" not in logged
    assert "signed.test" not in logged


@pytest.mark.parametrize("job_type", ["wan_video_fast", "unheard_of"])
async def test_type_that_nobody_serves_is_a_permanent_failure(
    worker: Worker, neighbours: Neighbours, job_type: str
) -> None:
    assert await worker.run(message(job_type=job_type)) is outcome.FAILED
    failure = neighbours.letters[-1].failure
    assert failure is not None
    assert (failure.code, failure.retryable) == ("unsupported_job_type", False)


async def test_references_are_downloaded_for_the_pipeline(
    worker: Worker, neighbours: Neighbours
) -> None:
    pipeline = Stepping(PermanentError("enough", "Seen enough."))
    serve(worker, pipeline)
    neighbours.references = [Reference(role="reference", url=f"{HOME}/x", type="style")]
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
async def test_heartbeat_that_is_told_to_stop_ends_the_job_without_an_upload(
    worker: Worker, neighbours: Neighbours, answer: httpx.Response
) -> None:
    serve(worker, Stepping())
    neighbours.answers["heartbeat"] = [httpx.Response(503), answer]
    assert await worker.run(message()) is outcome.STOPPED
    assert neighbours.kinds == ["claim", "heartbeat", "heartbeat"]
    assert not neighbours.stored


async def test_draining_hands_the_running_job_back_and_sends_the_waiting_away(
    worker: Worker, neighbours: Neighbours
) -> None:
    serve(worker, Stepping())
    running = asyncio.create_task(worker.run(message()))
    waiting = asyncio.create_task(worker.run(message()))
    await asyncio.sleep(0.1)
    await worker.drain()
    assert await waiting is outcome.DRAINING
    assert await running is outcome.HANDED_BACK
    assert await worker.run(message()) is outcome.DRAINING
    failure = neighbours.letters[-1].failure
    assert failure is not None
    assert (failure.code, failure.retryable, failure.hand_back) == ("draining", True, True)


async def test_expired_message_is_not_claimed(worker: Worker, neighbours: Neighbours) -> None:
    ended = message(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert await worker.run(ended) is outcome.EXPIRED
    assert not neighbours.letters


async def test_second_delivery_and_a_full_line_are_refused(
    worker: Worker, neighbours: Neighbours
) -> None:
    serve(worker, Stepping())
    first, *others = (message() for _ in range(3))
    held = [asyncio.create_task(worker.run(one)) for one in (first, *others)]
    await asyncio.sleep(0.05)
    assert await worker.run(first) is outcome.ALREADY_HERE
    assert await worker.run(message()) is outcome.BUSY
    await worker.drain()
    await asyncio.gather(*held)
    assert neighbours.kinds.count("claim") == 1
