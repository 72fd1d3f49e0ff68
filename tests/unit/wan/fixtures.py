"""A WAN pipeline over tiny random models, and jobs for it."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import av
import numpy as np
import pytest
from PIL import Image

from gpu_workers.runtime.media.video import Frames
from gpu_workers.runtime.pipeline import Media, ReferenceImage
from gpu_workers.wan import settings
from gpu_workers.wan.pipeline import WanPipeline
from shared.contracts.worker_protocol import (
    GenerationParams,
    JobMessage,
    ReferenceRole,
    ReferenceType,
)
from tests.support.pipelines import generate_alone

CLIP = "wan_video_fast"
PICTURE = "image_fast"
PARAMS = GenerationParams(prompt="a red star", steps=3, guidance_scale=6.0, seed=7)


def loaded(models: Path, **changed: object) -> WanPipeline:
    """Return a loaded pipeline with these settings changed."""
    chosen = settings.WanSettings.model_validate(
        {"model_cache": models, "torch_threads": 1, **changed}
    )
    pipeline = WanPipeline()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "wan", lambda: chosen)
        pipeline.load()
    return pipeline


def message(job_type: str = CLIP, **changed: object) -> JobMessage:
    return JobMessage(
        job_id=uuid4(),
        user_id=uuid4(),
        dispatch_no=1,
        job_type=job_type,
        parameters=PARAMS.model_copy(update=changed),
        expires_at=datetime.now(UTC) + timedelta(minutes=5),
    )


def ignore(_step: int, _steps: int) -> None:
    pass


def made(
    pipeline: WanPipeline,
    job_type: str = CLIP,
    references: Sequence[ReferenceImage] = (),
    **changed: object,
) -> Media:
    (media,) = generate_alone(pipeline, message(job_type, **changed), references, ignore)
    return media


def reference(
    role: ReferenceRole,
    colour: str = "red",
    *,
    kind: ReferenceType | None = None,
    size: tuple[int, int] = (96, 96),
) -> ReferenceImage:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return ReferenceImage(role, kind, file.getvalue())


def frames(media: Media) -> Frames:
    """Return every frame of a clip, or the single frame of a picture."""
    if media.mime_type == "image/png":
        return np.asarray(Image.open(io.BytesIO(media.content)))[None]
    with av.open(io.BytesIO(media.content), "r") as file:
        return np.stack([one.to_ndarray(format="rgb24") for one in file.decode(video=0)])


def middle(pipeline: WanPipeline, job_type: str = CLIP, **params: object) -> bytes:
    """Return the pixels of a clip's middle frame before encoding."""
    references = params.pop("references", ())
    return made(pipeline, job_type, references, **params).thumbnail_source.tobytes()  # type: ignore[arg-type]
