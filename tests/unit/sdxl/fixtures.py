"""Requests and helpers to run an SDXL pipeline as the runtime does."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from PIL import Image

from gpu_workers.runtime.pipeline import GenerationRequest, Media, ReferenceImage
from gpu_workers.sdxl import settings
from gpu_workers.sdxl.pipeline import SdxlPipeline
from gpu_workers.sdxl.settings import SdxlSettings
from shared.contracts.worker_protocol import GenerationParams, JobMessage
from tests.support.pipelines import generate_alone

PARAMS = GenerationParams(
    prompt="a red star", negative_prompt="", steps=2, guidance_scale=6.0, seed=7, num_images=1
)


def loaded(chosen: SdxlSettings) -> SdxlPipeline:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "sdxl", lambda: chosen)
        one = SdxlPipeline()
        one.load()
    return one


def message(**changed: object) -> JobMessage:
    return JobMessage(
        job_id=uuid4(),
        user_id=uuid4(),
        dispatch_no=1,
        job_type="sdxl_image_fast",
        parameters=PARAMS.model_copy(update=changed),
        expires_at=datetime.now(UTC) + timedelta(minutes=5),
    )


def ignore(_step: int, _steps: int) -> None:
    pass


def unseen(_: Callable[[], Image.Image]) -> None:
    pass


def work(*references: ReferenceImage, **changed: object) -> GenerationRequest:
    return GenerationRequest(message(**changed), references, ignore, unseen)


def drawn(pipeline: SdxlPipeline, *references: ReferenceImage, **changed: object) -> list[Media]:
    return generate_alone(pipeline, message(**changed), references, ignore)


def pixels(media: Media) -> bytes:
    return Image.open(io.BytesIO(media.content)).tobytes()


def difference(media: Media, other: Media) -> int:
    """Return the largest difference between two pictures' pixel values, 0 to 255."""
    return max(abs(a - b) for a, b in zip(pixels(media), pixels(other), strict=True))


def reference(picture: Image.Image | bytes, kind: str | None = None) -> ReferenceImage:
    if isinstance(picture, Image.Image):
        file = io.BytesIO()
        picture.save(file, "PNG")
        picture = file.getvalue()
    return ReferenceImage("reference", kind, picture)  # type: ignore[arg-type]
