"""The noop pipeline, which returns at once."""

import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import av
import pytest
from PIL import Image

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime import settings
from gpu_workers.runtime.pipeline import JobCancelled
from shared.contracts.worker_protocol import GenerationParams, JobMessage
from tests.support.pipelines import generate_alone


def message(job_type: str, *, images: int = 1) -> JobMessage:
    return JobMessage(
        job_id=uuid4(),
        user_id=uuid4(),
        dispatch_no=1,
        job_type=job_type,
        parameters=GenerationParams(
            prompt="a boat", steps=15, guidance_scale=6.0, seed=255, num_images=images
        ),
        expires_at=datetime.now(UTC) + timedelta(minutes=5),
    )


def ignore(_step: int, _steps: int) -> None:
    pass


@pytest.fixture
def pipeline() -> NoopPipeline:
    one = NoopPipeline()
    one.load()
    return one


def test_image_job_makes_one_pixel_an_image(pipeline: NoopPipeline) -> None:
    outputs = generate_alone(pipeline, message("sdxl_image_fast", images=3), [], ignore)
    assert [media.seed for media in outputs] == [255, 256, 257]
    pictures = [Image.open(io.BytesIO(media.content)) for media in outputs]
    assert [picture.getpixel((0, 0)) for picture in pictures] == [(0, 0, 255), (0, 1, 0), (0, 1, 1)]
    assert pictures[0].info["parameters"].startswith("a boat\nSteps: 15, Sampler: noop")


@pytest.mark.parametrize("job_type", ["wan_video_fast", "video_high"])
def test_video_job_makes_one_frame_of_h264(pipeline: NoopPipeline, job_type: str) -> None:
    (media,) = generate_alone(pipeline, message(job_type), [], ignore)
    with av.open(io.BytesIO(media.content), "r") as clip:
        stream = clip.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height) == (media.width, media.height)
        assert len(list(clip.decode(stream))) == 1
    assert (media.mime_type, media.duration_seconds) == ("video/mp4", 0.0625)
    assert media.content.find(b"moov") < media.content.find(b"mdat")


def test_steps_are_taken_and_can_be_stopped(
    pipeline: NoopPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretended = settings.NoopSettings(noop_steps=5)
    monkeypatch.setattr(settings, "noop", lambda: pretended)
    seen: list[tuple[int, int]] = []

    def stop_at_three(step: int, steps: int) -> None:
        seen.append((step, steps))
        if step == 3:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        generate_alone(pipeline, message("sdxl_image_fast"), [], stop_at_three)
    assert seen == [(1, 5), (2, 5), (3, 5)]
