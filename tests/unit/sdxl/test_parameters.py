"""Generation parameters: each has an effect, and a seed makes the same picture again."""

import io
from pathlib import Path

import pytest
from PIL import Image

from gpu_workers.runtime.pipeline import JobCancelled, OnStep, RetryableError
from gpu_workers.sdxl.image_request import resolution
from gpu_workers.sdxl.pipeline import SdxlPipeline
from shared.contracts.worker_protocol import AspectRatio
from tests.support.pipelines import generate_alone
from tests.unit.sdxl.fixtures import drawn, message, pixels


def test_same_parameters_draw_the_same_pixels(pipeline: SdxlPipeline) -> None:
    (first,), (second,) = drawn(pipeline), drawn(pipeline)
    assert pixels(first) == pixels(second)


@pytest.mark.parametrize(
    "changed",
    [
        {"prompt": "a blue star"},
        {"prompt": "ein Käfer, 夜"},
        {"negative_prompt": "blurry"},
        {"guidance_scale": 7.5},
        {"guidance_scale": 1.0},
        {"steps": 3},
        {"seed": 8},
    ],
)
def test_each_parameter_changes_the_picture(
    pipeline: SdxlPipeline, changed: dict[str, object]
) -> None:
    (first,), (other,) = drawn(pipeline), drawn(pipeline, **changed)
    assert (first.width, first.height) == (other.width, other.height)
    assert pixels(first) != pixels(other)


def test_each_image_of_a_job_is_what_its_seed_draws_alone(pipeline: SdxlPipeline) -> None:
    several = drawn(pipeline, num_images=3)
    assert [media.seed for media in several] == [7, 8, 9]
    (alone,) = drawn(pipeline, seed=9)
    assert pixels(several[2]) == pixels(alone)


@pytest.mark.parametrize(
    ("ratio", "size"),
    [("1:1", (64, 64)), ("16:9", (88, 48)), ("9:16", (48, 88)), ("4:3", (72, 56))],
)
def test_picture_has_the_models_own_size_at_the_ratio(
    pipeline: SdxlPipeline, ratio: str, size: tuple[int, int]
) -> None:
    (media,) = drawn(pipeline, aspect_ratio=ratio, steps=1)
    assert (media.width, media.height) == size
    assert Image.open(io.BytesIO(media.content)).size == size


@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        ("1:1", (1024, 1024)),
        ("16:9", (1344, 768)),
        ("9:16", (768, 1344)),
        ("4:3", (1152, 896)),
        ("3:4", (896, 1152)),
    ],
)
def test_sdxl_draws_at_the_sizes_it_was_trained_on(
    ratio: AspectRatio, size: tuple[int, int]
) -> None:
    assert resolution(ratio, native_side=1024) == size


def test_file_says_what_it_was_made_with(pipeline: SdxlPipeline) -> None:
    (media,) = drawn(pipeline, negative_prompt="blurry")
    assert Image.open(io.BytesIO(media.content)).info["parameters"] == (
        "a red star\nNegative prompt: blurry\nSteps: 2, Sampler: Euler, CFG scale: 6.0, Seed: 7, "
        "Size: 64x64, Model: tiny-random-sdxl, Version: ourvidz"
    )
    assert media.settings["sampler"] == "Euler"


def test_steps_are_counted_over_all_images(pipeline: SdxlPipeline) -> None:
    seen: list[tuple[int, int]] = []
    generate_alone(
        pipeline, message(num_images=2), [], lambda step, steps: seen.append((step, steps))
    )
    assert seen == [(step, 4) for step in range(1, 5)]


def test_stopped_job_takes_no_further_step(pipeline: SdxlPipeline) -> None:
    seen: list[int] = []

    def stop_at_two(step: int, _: int) -> None:
        seen.append(step)
        if step == 2:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        generate_alone(pipeline, message(steps=4), [], stop_at_two)
    assert seen == [1, 2]


def test_pipeline_draws_as_before_after_it_was_stopped(pipeline: SdxlPipeline) -> None:
    (before,) = drawn(pipeline)
    stop: OnStep = _raise_stopped
    with pytest.raises(JobCancelled):
        generate_alone(pipeline, message(), [], stop)
    (after,) = drawn(pipeline)
    assert pixels(before) == pixels(after)


def _raise_stopped(_step: int, _steps: int) -> None:
    raise JobCancelled


@pytest.mark.parametrize("failures", [1, 2])
def test_job_that_runs_out_of_memory_is_tried_once_more(
    pipeline: SdxlPipeline, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    import torch  # noqa: PLC0415 - it takes seconds to import
    from diffusers import StableDiffusionXLPipeline  # noqa: PLC0415 - the same

    call, left = StableDiffusionXLPipeline.__call__, [torch.OutOfMemoryError()] * failures

    def short_of_memory(*positional: object, **named: object) -> object:
        if left:
            raise left.pop()
        return call(*positional, **named)

    monkeypatch.setattr(StableDiffusionXLPipeline, "__call__", short_of_memory)
    if failures == 1:
        assert len(drawn(pipeline)) == 1
    else:
        with pytest.raises(RetryableError) as ended:
            drawn(pipeline)
        assert ended.value.code == "out_of_memory"


def test_tiny_model_is_made_once_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    from gpu_workers.sdxl.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds to import

    made = tiny_model(tmp_path)
    written = (made / "model_index.json").stat().st_mtime_ns
    assert tiny_model(tmp_path) == made
    assert (made / "model_index.json").stat().st_mtime_ns == written
    assert list(tmp_path.iterdir()) == [made]
