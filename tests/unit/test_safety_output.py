"""The output check: nothing is uploaded that has not passed it."""

import io
from collections.abc import Callable, Sequence

import pytest
from PIL import Image

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime.pipeline import GenerationRequest, Media
from gpu_workers.runtime.safety.output_check import Safety
from gpu_workers.runtime.safety.settings import SafetySettings
from shared.contracts.worker_protocol import ContentMode, ReferenceInput
from tests.support.local_system import wait_until
from tests.support.pipelines import generate_alone
from tests.unit.fake_services import HOME, Neighbours
from tests.unit.worker_fixtures import Harmless, Together, message, working

LOCAL = SafetySettings(local_system=True)


class Broken(Harmless):
    """A checker that raises an error."""

    def refused(self, pictures: Sequence[Image.Image], mode: ContentMode) -> list[str]:
        raise RuntimeError(f"{len(pictures)} pictures were too many, in {mode}")


class SfwAlone(Harmless):
    """A checker that supports only the mode "sfw"."""

    modes: frozenset[ContentMode] = frozenset({"sfw"})


class Filmed(NoopPipeline):
    """A pipeline whose clip has no frames to check."""

    def generate(self, requests: Sequence[GenerationRequest]) -> list[list[Media]]:
        ((media,),) = super().generate(requests)
        return [[Media(media.content, "video/mp4", 16, 16, 1, media.thumbnail_source)]]


class Shown(Together):
    """A pipeline that runs until a preview was stored or refused."""

    def __init__(self, is_seen: Callable[[], object]) -> None:
        super().__init__()
        self._is_seen = is_seen

    def generate(self, works: Sequence[GenerationRequest]) -> list[list[Media]]:
        def is_seen() -> bool:
            works[0].on_preview(lambda: Image.new("RGB", (300, 200)))
            return bool(self._is_seen())

        wait_until(is_seen, what="a preview to be seen")
        return [generate_alone(NoopPipeline(), work.message) for work in works]


@pytest.fixture
def neighbours() -> Neighbours:
    return Neighbours()


async def test_what_passes_is_completed_under_the_checkers_name(neighbours: Neighbours) -> None:
    checker = Harmless()
    safety = Safety(SafetySettings(), checker)
    async with working(neighbours, {"sdxl": NoopPipeline()}, safety=safety) as worker:
        await worker.run(message(num_images=1))
    completed = neighbours.callbacks[-1]
    assert (completed.status, completed.output_check) == ("completed", checker.checked_by)
    assert checker.seen == [(1, 1)]


async def test_refused_output_is_not_uploaded_and_the_callback_says_why(
    neighbours: Neighbours,
) -> None:
    safety = Safety(SafetySettings(), Harmless("zorp", "blimp"))
    async with working(neighbours, {"sdxl": NoopPipeline()}, safety=safety) as worker:
        await worker.run(message())
    failed = neighbours.callbacks[-1]
    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.retryable) == ("content_refused", False)
    assert failed.failure.categories == ["zorp", "blimp"]
    assert failed.output_check == Harmless.checked_by
    assert failed.error_message == "The output is refused: zorp, blimp."
    assert neighbours.stored == {}


async def test_a_checker_that_fails_lets_nothing_pass(neighbours: Neighbours) -> None:
    safety = Safety(SafetySettings(), Broken())
    async with working(neighbours, {"sdxl": NoopPipeline()}, safety=safety) as worker:
        await worker.run(message())
    failed = neighbours.callbacks[-1]
    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.retryable) == ("safety_check_failed", True)
    assert "could not be checked" in (failed.error_message or "")
    assert neighbours.stored == {}


async def test_a_film_without_frames_does_not_pass(neighbours: Neighbours) -> None:
    async with working(neighbours, {"wan": Filmed()}) as worker:
        await worker.run(message(job_type="video_fast"))
    failed = neighbours.callbacks[-1]
    assert failed.failure is not None
    assert failed.failure.code == "safety_check_failed"
    assert neighbours.stored == {}


@pytest.mark.parametrize("checker", [None, SfwAlone()])
async def test_a_mode_that_cannot_be_checked_is_not_begun(
    neighbours: Neighbours, checker: Harmless | None
) -> None:
    pipelines = {"sdxl": NoopPipeline()}
    async with working(neighbours, pipelines, safety=Safety(LOCAL, checker)) as worker:  # type: ignore[arg-type]
        await worker.run(message(content_type="nsfw"))
    failed = neighbours.callbacks[-1]
    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.categories) == ("content_refused", ["nsfw"])


async def test_references_are_looked_at_before_anything_is_made(neighbours: Neighbours) -> None:
    file = io.BytesIO()
    Image.new("RGB", (7, 5)).save(file, "PNG")
    neighbours.reference = type(neighbours.reference)(200, content=file.getvalue())
    neighbours.references = [ReferenceInput(role="reference", url=f"{HOME}/x", type="composition")]
    checker = Harmless("zorp")
    safety = Safety(SafetySettings(), checker)
    async with working(neighbours, {"sdxl": NoopPipeline()}, safety=safety) as worker:
        await worker.run(message())
    assert checker.seen == [(7, 5)]
    assert neighbours.callbacks[-1].error_message == "The reference image is refused: zorp."


@pytest.mark.parametrize("categories", [(), ("zorp",)])
async def test_a_preview_is_looked_at_too(
    neighbours: Neighbours, categories: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpu_workers.runtime.jobs.preview.MIN_SECONDS_BETWEEN", 0.02)
    checker = Harmless(*categories)
    pipeline = Shown(lambda: bool(neighbours.previews) or (checker.seen and categories))
    safety = Safety(SafetySettings(), checker)
    async with working(neighbours, {"sdxl": pipeline}, safety=safety) as worker:
        await worker.run(message())
    assert checker.seen[0] == (300, 200)
    assert bool(neighbours.previews) is not bool(categories)
