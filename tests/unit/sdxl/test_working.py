"""The SDXL pipeline in a worker: claim, generate, upload, while health checks are answered."""

import asyncio
import io
import threading
from collections.abc import Sequence
from dataclasses import replace

import httpx
from PIL import Image

from gpu_workers.runtime.jobs import task_result
from gpu_workers.runtime.pipeline import GenerationRequest, Media
from gpu_workers.runtime.server.app import application
from gpu_workers.sdxl.pipeline import SdxlPipeline
from shared.contracts.worker_protocol import ReferenceInput
from tests.support.local_system import TIMEOUT_SECONDS
from tests.unit.fake_services import HOME, Neighbours
from tests.unit.sdxl.conftest import Loaded
from tests.unit.sdxl.fixtures import reference
from tests.unit.sdxl.test_references import RED
from tests.unit.worker_fixtures import message, until, working


class HeldAtEachStep(Loaded):
    """A pipeline that waits at each step until the test allows it."""

    def __init__(self, loaded_pipeline: SdxlPipeline) -> None:
        super().__init__(loaded_pipeline)
        self.steps_reached = 0
        self.steps_allowed = threading.Semaphore(0)

    def generate(self, works: Sequence[GenerationRequest]) -> list[list[Media]]:
        """Run the batch, waiting at each step."""
        return super().generate([replace(work, on_step=self._wait) for work in works])

    def _wait(self, _step: int, _steps: int) -> None:
        self.steps_reached += 1
        if not self.steps_allowed.acquire(timeout=TIMEOUT_SECONDS):
            raise TimeoutError("The test did not allow the next step.")


async def test_health_is_answered_in_the_middle_of_each_step(pipeline: SdxlPipeline) -> None:
    neighbours, held = Neighbours(), HeldAtEachStep(pipeline)
    neighbours.images = 2
    async with working(neighbours, {"sdxl": held}) as worker:
        running = asyncio.create_task(worker.run(message(num_images=2, steps=10)))
        transport = httpx.ASGITransport(application(worker))
        async with httpx.AsyncClient(transport=transport, base_url="http://w") as client:
            for step in range(1, 21):
                await until(lambda step=step: held.steps_reached == step, what=f"step {step}")  # type: ignore[misc]
                assert (await client.get("/healthz")).json() == {"status": "ok"}
                held.steps_allowed.release()
        assert await running is task_result.COMPLETED
    assert held.steps_reached == 20


async def test_a_bad_reference_ends_its_job_and_the_next_is_drawn(
    loaded_once: SdxlPipeline,
) -> None:
    neighbours = Neighbours()
    neighbours.references = [ReferenceInput(role="reference", url=f"{HOME}/reference")]
    async with working(neighbours, {"sdxl": loaded_once}) as worker:
        assert await worker.run(message()) is task_result.FAILED
        failure = neighbours.callbacks[-1].failure
        assert failure is not None
        assert (failure.code, failure.retryable) == ("bad_reference", False)
        neighbours.reference = httpx.Response(200, content=reference(RED).content)
        assert await worker.run(message()) is task_result.COMPLETED
    asset = neighbours.callbacks[-1].results.assets[0]  # type: ignore[union-attr]
    assert asset.generation_settings["reference_way"] == "image"
    stored = Image.open(io.BytesIO(neighbours.stored[asset.temp_storage_path]))
    assert stored.size == (asset.width, asset.height)
    assert "Steps: 1" in stored.info["parameters"]
