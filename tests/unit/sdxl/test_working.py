"""The pipeline in a worker: claimed, drawn, handed in; and the worker answers meanwhile."""

import asyncio
import io
import time
from statistics import median

import httpx
from PIL import Image

from gpu_workers.runtime import outcome
from gpu_workers.runtime.api import application
from gpu_workers.runtime.worker import Worker
from gpu_workers.sdxl.pipeline import SdxlPipeline
from shared.contracts.letters import Reference
from tests.unit.neighbours import HOME, Neighbours
from tests.unit.sdxl.asking import reference
from tests.unit.sdxl.test_references import RED
from tests.unit.working import message, working

MOST_SECONDS = 0.1
"""Of the median answer: it is some 3 ms where nothing else runs on the machine."""


async def _answers(worker: Worker, until: asyncio.Task[outcome.Outcome]) -> list[float]:
    """How long each of many /healthz takes while the job runs."""
    seconds = []
    transport = httpx.ASGITransport(application(worker))
    async with httpx.AsyncClient(transport=transport, base_url="http://w") as client:
        while not until.done():
            began = time.monotonic()
            assert (await client.get("/healthz")).json()["status"] == "ok"
            seconds.append(time.monotonic() - began)
            await asyncio.sleep(0.01)
    return seconds


async def test_health_is_answered_at_once_while_it_draws(loaded_once: SdxlPipeline) -> None:
    neighbours = Neighbours()
    neighbours.images = 2
    async with working(neighbours, {"sdxl": loaded_once}) as worker:
        running = asyncio.create_task(worker.run(message(num_images=2, steps=10)))
        seconds = await _answers(worker, running)
        assert await running is outcome.COMPLETED
    assert len(seconds) > 10
    assert median(seconds) < MOST_SECONDS


async def test_a_bad_reference_ends_its_job_and_the_next_is_drawn(
    loaded_once: SdxlPipeline,
) -> None:
    neighbours = Neighbours()
    neighbours.references = [Reference(role="reference", url=f"{HOME}/reference")]
    async with working(neighbours, {"sdxl": loaded_once}) as worker:
        assert await worker.run(message()) is outcome.FAILED
        failure = neighbours.letters[-1].failure
        assert failure is not None
        assert (failure.code, failure.retryable) == ("bad_reference", False)
        neighbours.reference = httpx.Response(200, content=reference(RED).content)
        assert await worker.run(message()) is outcome.COMPLETED
    asset = neighbours.letters[-1].results.assets[0]  # type: ignore[union-attr]
    assert asset.generation_settings["reference_way"] == "image"
    stored = Image.open(io.BytesIO(neighbours.stored[asset.temp_storage_path]))
    assert stored.size == (asset.width, asset.height)
    assert "Steps: 1" in stored.info["parameters"]
