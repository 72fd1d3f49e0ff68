"""Reference pictures: each type has its own mode, and none is ignored."""

import pytest
from PIL import Image

from gpu_workers.runtime.pipeline import JobError, ReferenceImage
from gpu_workers.sdxl.pipeline import SdxlPipeline
from tests.support.pipelines import generate_alone
from tests.unit.sdxl.fixtures import difference, drawn, message, pixels, reference

RED = Image.new("RGB", (90, 60), (200, 30, 30))
STRIPES = Image.linear_gradient("L").resize((64, 64)).convert("RGB")


def test_a_reference_without_a_type_is_drawn_over(pipeline: SdxlPipeline) -> None:
    (alone,) = drawn(pipeline)
    (over,) = drawn(pipeline, reference(RED), reference_strength=0.5)
    (other,) = drawn(pipeline, reference(STRIPES), reference_strength=0.5)
    assert len({pixels(media) for media in (alone, over, other)}) == 3
    assert over.settings["denoising_strength"] == 0.5
    assert (over.width, over.height) == (alone.width, alone.height)


@pytest.mark.parametrize(("strength", "steps"), [(0.0, 8), (0.25, 6), (0.75, 2), (1.0, 1)])
def test_the_stronger_the_reference_the_less_is_done_to_it(
    pipeline: SdxlPipeline, strength: float, steps: int
) -> None:
    seen: list[tuple[int, int]] = []
    job = message(reference_strength=strength, steps=8)
    generate_alone(pipeline, job, [reference(RED)], lambda step, of: seen.append((step, of)))
    assert seen == [(step, steps) for step in range(1, steps + 1)]


def test_a_composition_without_a_controlnet_is_drawn_over(pipeline: SdxlPipeline) -> None:
    (over,) = drawn(pipeline, reference(RED), reference_strength=0.5)
    (composed,) = drawn(pipeline, reference(RED, "composition"), reference_strength=0.5)
    assert pixels(over) == pixels(composed)
    assert composed.settings["reference_type"] == "composition"


def test_a_composition_is_followed_by_the_controlnet(equipped: SdxlPipeline) -> None:
    params = {"reference_type": "composition"}
    (lines,) = drawn(equipped, reference(STRIPES), **params, reference_strength=0.9)
    (weaker,) = drawn(equipped, reference(STRIPES), **params, reference_strength=0.2)
    (flat,) = drawn(equipped, reference(RED), **params, reference_strength=0.9)
    (ignored,) = drawn(equipped, reference(RED), **params, reference_strength=0.0)
    (alone,) = drawn(equipped)
    assert len({pixels(media) for media in (lines, weaker, flat, alone)}) == 4
    assert difference(ignored, alone) <= 1
    assert lines.settings["reference_way"] == "control"


def test_style_and_character_are_followed_by_the_adapter(equipped: SdxlPipeline) -> None:
    (style,) = drawn(equipped, reference(RED, "style"), reference_strength=0.9)
    (weaker,) = drawn(equipped, reference(RED, "style"), reference_strength=0.2)
    (other,) = drawn(equipped, reference(STRIPES, "style"), reference_strength=0.9)
    (character,) = drawn(equipped, reference(RED, "character"), reference_strength=0.9)
    assert len({pixels(media) for media in (style, weaker, other, character)}) == 4
    assert style.settings["reference_way"] == "adapter"


def test_after_an_adapted_picture_the_model_draws_as_it_did(
    equipped: SdxlPipeline, pipeline: SdxlPipeline
) -> None:
    drawn(equipped, reference(RED, "style"), reference_strength=0.9)
    assert pixels(drawn(equipped)[0]) == pixels(drawn(pipeline)[0])


@pytest.mark.parametrize(
    ("reference_image", "code", "retryable"),
    [
        (reference(RED, "style"), "unsupported_reference", False),
        (reference(RED, "character"), "unsupported_reference", False),
        (ReferenceImage("start", None, b""), "unsupported_reference", False),
        (reference(b"<html>"), "bad_reference", False),
        (reference(b"\x89PNG\r\n\x1a\n" + bytes(40)), "bad_reference", False),
        (None, "reference_unavailable", True),
    ],
)
def test_a_reference_that_cannot_be_used_is_refused_rather_than_ignored(
    pipeline: SdxlPipeline, reference_image: ReferenceImage | None, code: str, *, retryable: bool
) -> None:
    job = message().model_copy(update={"reference_roles": ["reference"]})
    with pytest.raises(JobError) as refused:
        generate_alone(
            pipeline, job, [reference_image] if reference_image else [], lambda _, __: None
        )
    assert (refused.value.code, refused.value.retryable) == (code, retryable)
    assert refused.value.message.endswith(".")
    assert len(drawn(pipeline)) == 1
