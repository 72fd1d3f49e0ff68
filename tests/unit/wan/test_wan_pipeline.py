"""The WAN pipeline: each option has an effect, and a seed makes the same clip again."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gpu_workers.wan.pipeline import WanPipeline
from tests.support.pipelines import generate_alone
from tests.unit.wan.fixtures import CLIP, PICTURE, frames, ignore, loaded, made, message, middle


@pytest.mark.parametrize("job_type", [CLIP, PICTURE])
def test_a_seed_repeats_its_file_bit_for_bit(pipeline: WanPipeline, job_type: str) -> None:
    assert made(pipeline, job_type).content == made(pipeline, job_type).content


@pytest.mark.parametrize(
    "changed",
    [
        {"prompt": "a blue star"},
        {"prompt": "ein Käfer, 夜"},
        {"negative_prompt": "blurry"},
        {"guidance_scale": 7.5},
        {"guidance_scale": 1.0},
        {"steps": 4},
        {"seed": 8},
    ],
)
@pytest.mark.parametrize("job_type", [CLIP, PICTURE])
def test_each_parameter_changes_what_is_filmed(
    pipeline: WanPipeline, job_type: str, changed: dict[str, object]
) -> None:
    assert middle(pipeline, job_type) != middle(pipeline, job_type, **changed)


def test_a_prompt_of_two_hundred_tokens_counts_to_its_end(pipeline: WanPipeline) -> None:
    long = "a star and " * 18
    assert middle(pipeline, prompt=f"{long}a sea") != middle(pipeline, prompt=f"{long}a hut")


def test_what_is_beyond_the_models_text_is_said_to_be_left_out(pipeline: WanPipeline) -> None:
    assert "tokens_left_out" not in made(pipeline, prompt="a" * 511).settings
    assert made(pipeline, prompt="a" * 600).settings["tokens_left_out"] == 600 + 1 - 512


@pytest.mark.parametrize(
    ("ratio", "size"), [("1:1", (96, 96)), ("16:9", (128, 64)), ("3:4", (80, 112))]
)
def test_aspect_ratio_changes_the_size(
    pipeline: WanPipeline, ratio: str, size: tuple[int, int]
) -> None:
    clip = made(pipeline, aspect_ratio=ratio, steps=1)
    assert (clip.width, clip.height) == size
    assert frames(clip).shape == (5, size[1], size[0], 3)
    assert (clip.settings["width"], clip.settings["height"]) == size


def test_a_clip_has_its_frames_its_length_and_its_middle_as_thumbnail(
    pipeline: WanPipeline,
) -> None:
    clip = made(pipeline)
    assert (clip.mime_type, clip.duration_seconds) == ("video/mp4", 5 / 8)
    assert (clip.settings["frames"], clip.settings["fps"]) == (5, 8)
    shown = np.asarray(clip.thumbnail_source).astype(int)
    distances = [np.abs(shown - frame).mean() for frame in frames(clip)]
    assert distances.index(min(distances)) == 2


def test_a_picture_is_one_frame_saved_as_a_picture(pipeline: WanPipeline) -> None:
    picture = made(pipeline, PICTURE, negative_prompt="blurry")
    assert (picture.mime_type, picture.duration_seconds) == ("image/png", None)
    image = Image.open(io.BytesIO(picture.content))
    assert (image.format, image.size) == ("PNG", (96, 96))
    assert image.info["parameters"].startswith("a red star\nNegative prompt: blurry\nSteps: 3")
    assert "frames" not in picture.settings


def test_each_picture_of_a_job_is_what_its_seed_draws_alone(pipeline: WanPipeline) -> None:
    several = generate_alone(pipeline, message(PICTURE, num_images=3), [], ignore)
    assert [media.seed for media in several] == [7, 8, 9]
    assert several[2].thumbnail_source.tobytes() == middle(pipeline, PICTURE, seed=9)


def test_settings_choose_the_frames_their_speed_and_their_size(models: Path) -> None:
    pipeline = loaded(models, wan_frames=7, wan_fps=6, wan_side=48, wan_shift=1.5)
    clip = made(pipeline, steps=1)
    assert frames(clip).shape == (9, 48, 48, 3)
    values = {name: clip.settings[name] for name in ("frames", "fps", "shift")}
    assert values == {"frames": 9, "fps": 6, "shift": 1.5}
    assert clip.duration_seconds == 1.5


def test_the_shift_changes_what_is_filmed(models: Path, pipeline: WanPipeline) -> None:
    assert middle(loaded(models, wan_frames=5, wan_shift=9)) != middle(pipeline)
