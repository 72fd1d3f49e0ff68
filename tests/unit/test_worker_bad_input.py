"""Bad input and failures end one job with an error message, and the worker serves the next."""

import errno
import io
from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest
from PIL import Image

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime.jobs import task_result
from gpu_workers.runtime.pipeline import GenerationRequest, Media, Pipeline
from shared.contracts.job_catalog import get_job_type
from shared.contracts.worker_protocol import ReferenceInput
from tests.support.pipelines import generate_alone
from tests.unit.fake_services import HOME, Neighbours
from tests.unit.worker_fixtures import message, working


class Once(Pipeline):
    """A pipeline whose first job fails or returns bad output."""

    models = ["once"]
    max_batch_size = None

    def __init__(self, wrong: Exception | Media) -> None:
        self.wrong: Exception | Media | None = wrong

    def load(self) -> None:
        pass

    def generate(self, requests: Sequence[GenerationRequest]) -> list[list[Media]]:
        wrong, self.wrong = self.wrong, None
        if isinstance(wrong, Exception):
            raise wrong
        return [[wrong]] if wrong else NoopPipeline().generate(requests)


def _made() -> Media:
    return generate_alone(NoopPipeline(), message())[0]


def _large() -> Media:
    row = get_job_type("sdxl_image_fast")
    assert row is not None
    return replace(_made(), content=_made().content + bytes(row.max_bytes))


def _cut() -> Media:
    file = io.BytesIO()
    Image.effect_noise((64, 64), 80).save(file, "PNG")
    return replace(_made(), content=file.getvalue()[:-1000], width=64, height=64)


def _of_another_size() -> Media:
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, "PNG")
    return replace(_made(), content=file.getvalue())


@pytest.mark.parametrize(
    ("wrong", "code", "retryable"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full", True),
        (MemoryError(), "out_of_memory", True),
        (KeyError("unheard of"), "worker_error", True),
        (_large(), "result_too_large", False),
        (_cut(), "broken_result", True),
        (replace(_made(), content=b"\x89PNG\r\n\x1a\n"), "broken_result", True),
        (_of_another_size(), "broken_result", True),
    ],
)
async def test_what_breaks_ends_its_job_alone(
    wrong: Exception | Media, code: str, *, retryable: bool
) -> None:
    neighbours = Neighbours()
    async with working(neighbours, {"sdxl": Once(wrong)}) as worker:
        assert await worker.run(message()) is task_result.FAILED
        callback = neighbours.callbacks[-1]
        assert callback.failure is not None
        assert (callback.failure.code, callback.failure.retryable) == (code, retryable)
        assert (callback.error_message or "").endswith(".")
        assert not neighbours.stored
        assert await worker.run(message()) is task_result.COMPLETED


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [(404, "reference_missing", False), (403, "reference_unavailable", True)],
)
async def test_a_reference_whose_address_has_expired_or_is_gone(
    answer: int, code: str, *, retryable: bool
) -> None:
    neighbours = Neighbours()
    neighbours.references = [ReferenceInput(role="reference", url=f"{HOME}/reference")]
    neighbours.reference = httpx.Response(answer)
    async with working(neighbours, {"sdxl": NoopPipeline()}) as worker:
        assert await worker.run(message()) is task_result.FAILED
        failure = neighbours.callbacks[-1].failure
        assert failure is not None
        assert (failure.code, failure.retryable) == (code, retryable)
        neighbours.references = []
        assert await worker.run(message()) is task_result.COMPLETED


@pytest.mark.parametrize("status", [400, 403])
async def test_an_upload_address_that_has_expired_is_retryable(status: int) -> None:
    neighbours = Neighbours()
    neighbours.refusals["0.png"] = status
    async with working(neighbours, {"sdxl": NoopPipeline()}) as worker:
        assert await worker.run(message()) is task_result.FAILED
        failure = neighbours.callbacks[-1].failure
        assert failure is not None
        assert (failure.code, failure.retryable) == ("upload_failed", True)
        neighbours.refusals = {}
        assert await worker.run(message()) is task_result.COMPLETED


class Lacking(NoopPipeline):
    """A pipeline whose model folder lacks a file."""

    def load(self) -> None:
        raise OSError("no file named model_index.json in https://models.test/mine")


async def test_a_model_that_is_missing_fails_its_jobs_and_the_others_are_served(
    capsys: pytest.CaptureFixture[str],
) -> None:
    neighbours = Neighbours()
    async with working(neighbours, {"sdxl": NoopPipeline(), "wan": Lacking()}) as worker:
        assert list(worker.available_pipelines) == ["sdxl"], "and only these are registered"
        assert await worker.run(message(job_type="wan_video_fast")) is task_result.FAILED
        failure = neighbours.callbacks[-1].failure
        assert failure is not None
        assert (failure.code, failure.retryable) == ("model_missing", False)
        assert await worker.run(message()) is task_result.COMPLETED
    assert "model missing" in capsys.readouterr().out


async def test_a_worker_none_of_whose_models_is_there_does_not_begin() -> None:
    with pytest.raises(OSError, match="no file named"):
        async with working(Neighbours(), {"sdxl": Lacking(), "wan": Lacking()}):
            pass
