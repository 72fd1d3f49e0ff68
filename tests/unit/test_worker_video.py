"""Finished clips: an MP4 that starts at once, keeps its colours, and carries its metadata."""

import io
import struct
from typing import Any

import av
import numpy as np
import pytest

from gpu_workers.runtime.media import images, video
from gpu_workers.runtime.pipeline import RetryableError
from gpu_workers.runtime.provenance import xmp
from shared.contracts.worker_protocol import GenerationParams

PARAMS = GenerationParams(
    prompt="ein Käfer, 夜", negative_prompt="blurry", steps=25, guidance_scale=6.5, seed=1
)
FPS = 16


def settings() -> dict[str, Any]:
    return images.generation_settings(PARAMS, model="base", sampler="UniPC", seed=7, size=(48, 32))


def moving(count: int = 9) -> video.Frames:
    """Return frames of a blue square that moves right on red."""
    frames = np.zeros((count, 32, 48, 3), np.uint8)
    frames[..., 0] = 255
    for number, frame in enumerate(frames):
        frame[8:24, 2 * number : 2 * number + 16] = (0, 0, 255)
    return frames


@pytest.fixture(scope="module")
def clip() -> bytes:
    return video.mp4(moving(), fps=FPS, settings=settings())


def boxes(content: bytes) -> dict[str, bytes]:
    found, at = {}, 0
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        found[kind.decode()] = content[at + 8 : at + size]
        at += size
    return found


def test_clip_is_h264_with_every_frame_at_its_time(clip: bytes) -> None:
    with av.open(io.BytesIO(clip), "r") as file:
        (stream,) = file.streams.video
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        times = [frame.time for frame in file.decode(video=0)]
    assert times == [number / FPS for number in range(9)]


def test_clip_keeps_the_colours_and_the_movement(clip: bytes) -> None:
    with av.open(io.BytesIO(clip), "r") as file:
        read = np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])
    assert np.abs(read.astype(int) - moving()).mean() < 6
    for number, place in ((0, 8), (8, 24)):
        assert np.abs(read[number, 16, place].astype(int) - (0, 0, 255)).max() < 24


def test_clip_plays_while_it_is_fetched(clip: bytes) -> None:
    order = list(boxes(clip))
    assert order.index("moov") < order.index("mdat")


def test_clip_carries_the_settings(clip: bytes) -> None:
    with av.open(io.BytesIO(clip), "r") as file:
        metadata = file.metadata
    assert metadata["title"] == "ein Käfer, 夜"
    assert metadata["comment"] == (
        "ein Käfer, 夜\nNegative prompt: blurry\nSteps: 25, Sampler: UniPC, CFG scale: 6.5, "
        "Seed: 7, Size: 48x32, Model: base, Version: ourvidz, Frames: 9, FPS: 16"
    )


def test_clip_says_that_a_trained_model_made_it(clip: bytes) -> None:
    box = boxes(clip)["uuid"]
    assert box[:16].hex() == "be7acfcb97a942e89c71999491e3afac"
    assert f'Iptc4xmpExt:DigitalSourceType="{xmp.SOURCE_TYPE}"' in box[16:].decode()


@pytest.mark.parametrize("shape", [(0, 32, 48, 3), (1, 31, 48, 3), (1, 32, 47, 3)])
def test_no_clip_is_made_of_nothing_or_of_odd_sides(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="make no clip"):
        video.mp4(np.zeros(shape, np.uint8), fps=FPS, settings=settings())


@pytest.mark.parametrize(
    "changed", [{"frames": 8}, {"size": (32, 48)}, {"fps": 8}, {"content": b"no clip at all"}]
)
def test_a_clip_that_is_not_what_was_filmed_is_noticed(
    clip: bytes, changed: dict[str, Any]
) -> None:
    filmed = {"content": clip, "frames": 9, "size": (48, 32), "fps": FPS}
    video.check(**filmed)  # type: ignore[arg-type]
    with pytest.raises(RetryableError) as noticed:
        video.check(**{**filmed, **changed})
    assert noticed.value.code == "broken_result"


def test_a_clip_that_was_cut_short_is_noticed(clip: bytes) -> None:
    with pytest.raises(RetryableError):
        video.check(clip[: len(clip) // 2], frames=9, size=(48, 32), fps=FPS)
