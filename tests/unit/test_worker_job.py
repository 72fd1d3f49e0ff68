"""One job on a worker, from claim to completion, against fake services."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import google_crc32c
import httpx
import pytest
import pytest_asyncio

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime.jobs import task_result
from gpu_workers.runtime.jobs.worker import Worker
from shared.contracts import webhook_signature
from shared.contracts.worker_protocol import CallbackRequest, SignedManifest
from tests.unit.fake_services import KEY, REFUSED, Neighbours
from tests.unit.worker_fixtures import message, working


@pytest.fixture
def neighbours() -> Neighbours:
    return Neighbours()


@pytest_asyncio.fixture
async def worker(neighbours: Neighbours) -> AsyncIterator[Worker]:
    async with working(neighbours, {"sdxl": NoopPipeline()}) as one:
        yield one


async def test_job_is_claimed_uploaded_and_completed(
    worker: Worker, neighbours: Neighbours
) -> None:
    neighbours.images = 2
    job = message(num_images=2)
    assert await worker.run(job) is task_result.COMPLETED
    assert neighbours.kinds == ["claim", "completed"]
    claim, completed = neighbours.callbacks
    assert (claim.job_id, claim.dispatch_no) == (job.job_id, 3)
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


async def test_manifest_is_the_completed_callback_with_its_own_signature(
    worker: Worker, neighbours: Neighbours
) -> None:
    await worker.run(message())
    assert list(neighbours.stored)[-1] == "manifest.json"
    manifest = SignedManifest.model_validate_json(neighbours.stored["manifest.json"])
    now = datetime.now(UTC).timestamp()
    signed_id = webhook_signature.verify([KEY], manifest.headers, manifest.body.encode(), now=now)
    assert signed_id == neighbours.message_ids[-1]
    assert CallbackRequest.model_validate_json(manifest.body) == neighbours.callbacks[-1]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(200, json={"message": "ended", "proceed": False}), task_result.JOB_GONE),
        (httpx.Response(409, json={**REFUSED, "code": "claimed"}), task_result.CLAIMED),
        (httpx.Response(403, json=REFUSED), task_result.JOB_GONE),
        (httpx.Response(401, json=REFUSED), task_result.NOT_CLAIMED),
        (httpx.Response(200, text="<html>"), task_result.NOT_CLAIMED),
    ],
)
async def test_job_ends_with_a_claim_that_is_not_granted(
    worker: Worker,
    neighbours: Neighbours,
    answer: httpx.Response,
    expected: task_result.Outcome,
) -> None:
    neighbours.answers["claim"] = [answer]
    assert await worker.run(message()) is expected
    assert neighbours.kinds == ["claim"]
    assert not neighbours.stored


async def test_completed_is_repeated_with_its_webhook_id_until_it_is_acknowledged(
    worker: Worker, neighbours: Neighbours
) -> None:
    neighbours.answers["completed"] = [httpx.Response(503), httpx.Response(429)]
    assert await worker.run(message()) is task_result.COMPLETED
    assert neighbours.kinds == ["claim", "completed", "completed", "completed"]
    assert len(set(neighbours.message_ids[1:])) == 1


async def test_missing_object_is_uploaded_again(worker: Worker, neighbours: Neighbours) -> None:
    neighbours.lost = ["0.png"]
    assert await worker.run(message()) is task_result.COMPLETED
    assert neighbours.kinds == ["claim", "completed", "completed"]


async def test_object_that_stays_missing_is_a_retryable_failure(
    worker: Worker, neighbours: Neighbours
) -> None:
    neighbours.lost = ["0.png"] * 4
    assert await worker.run(message()) is task_result.FAILED
    assert neighbours.kinds == ["claim", *["completed"] * 4, "failed"]
    failure = neighbours.callbacks[-1].failure
    assert failure is not None
    assert (failure.code, failure.retryable) == ("object_missing", True)
