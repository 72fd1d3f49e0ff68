"""Batches: each picture of a batch equals the picture that its job makes alone."""

import numpy as np
import pytest
from PIL import Image

from gpu_workers.runtime.pipeline import GenerationRequest, JobCancelled
from gpu_workers.sdxl.pipeline import SdxlPipeline
from tests.support.pipelines import generate_alone
from tests.unit.sdxl.fixtures import difference, drawn, ignore, message, reference, unseen, work

RED = Image.new("RGB", (64, 64), (200, 30, 30))


def test_a_batch_draws_what_each_job_draws_alone(equipped: SdxlPipeline) -> None:
    variants = [
        {"prompt": "a red star", "seed": 7, "num_images": 2},
        {"prompt": "a boat at sea", "seed": 90, "negative_prompt": "rain"},
        {"prompt": "a (blue:1.2) ring", "seed": 3},
    ]
    together = equipped.generate([work(**one) for one in variants])
    assert [len(outputs) for outputs in together] == [2, 1, 1]
    for outputs, one in zip(together, variants, strict=True):
        for media, alone in zip(outputs, drawn(equipped, **one), strict=True):
            assert difference(media, alone) <= 1
            assert media.settings == alone.settings


def test_latents_of_a_batch_are_those_of_each_alone(equipped: SdxlPipeline) -> None:
    import torch  # noqa: PLC0415 - it takes seconds to import

    model, kept = equipped._model, []  # noqa: SLF001 - latents are no public result
    pictures = model._pipe.vae.decode  # noqa: SLF001 - the same

    def decode(latents: torch.Tensor, **named: object) -> object:
        kept.append(latents)
        return pictures(latents, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model._pipe.vae, "decode", decode)  # noqa: SLF001 - the same
        equipped.generate([work(seed=1), work(seed=2, prompt="a ring")])
        drawn(equipped, seed=1)
        drawn(equipped, seed=2, prompt="a ring")
    together, one, other = kept
    assert np.abs((together - torch.cat([one, other])).numpy()).max() < 1e-3


def test_the_worker_sees_that_the_pipeline_batches_jobs(equipped: SdxlPipeline) -> None:
    assert (equipped.max_batch_size or 0) > 1


def test_pictures_drawn_over_go_together_too(equipped: SdxlPipeline) -> None:
    works = [
        GenerationRequest(
            message(seed=seed, reference_strength=0.5), [reference(RED)], ignore, unseen
        )
        for seed in (1, 2)
    ]
    assert equipped.batch_key(works[0]) == equipped.batch_key(works[1])
    together = equipped.generate(works)
    for (media,), seed in zip(together, (1, 2), strict=True):
        (alone,) = drawn(equipped, reference(RED), seed=seed, reference_strength=0.5)
        assert difference(media, alone) <= 1


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"seed": 9, "prompt": "a ring", "negative_prompt": "rain", "num_images": 3}, True),
        ({"steps": 3}, False),
        ({"guidance_scale": 7.5}, False),
        ({"aspect_ratio": "16:9"}, False),
        ({"prompt": "a red star over the sea, " * 20}, False),
        ({"prompt": "a red star <lora:ink>"}, False),
    ],
)
def test_only_jobs_of_one_kind_go_together(
    equipped: SdxlPipeline, changed: dict[str, object], *, same: bool
) -> None:
    assert (equipped.batch_key(work()) == equipped.batch_key(work(**changed))) is same


def test_jobs_that_follow_a_style_go_alone(equipped: SdxlPipeline) -> None:
    styled = [work(reference(RED, "style")) for _ in range(2)]
    assert equipped.batch_key(styled[0]) != equipped.batch_key(styled[1])


def test_six_images_are_drawn_in_batches_and_counted_over_all(equipped: SdxlPipeline) -> None:
    seen: list[tuple[int, int]] = []
    outputs = generate_alone(
        equipped, message(num_images=6, steps=1), [], lambda step, steps: seen.append((step, steps))
    )
    assert [media.seed for media in outputs] == list(range(7, 13))
    assert seen == [(1, 2), (2, 2)]


def test_previews_are_drawn_of_each_job(equipped: SdxlPipeline) -> None:
    seen: list[list[Image.Image]] = [[], []]
    works = [
        GenerationRequest(
            message(seed=seed),
            [],
            ignore,
            lambda draw, place=place: seen[place].append(draw()),  # type: ignore[misc]
        )
        for place, seed in enumerate((1, 2))
    ]
    equipped.generate(works)
    assert [len(one) for one in seen] == [2, 2]
    first, other = seen[0][-1], seen[1][-1]
    assert first.size == (32, 32)
    assert first.tobytes() != other.tobytes()


def test_a_preview_looks_like_its_picture(equipped: SdxlPipeline) -> None:
    """With the matrix that maps latents to colours, a picture of one colour has that colour."""
    import torch  # noqa: PLC0415 - it takes seconds to import

    pipe, latents = equipped._model._pipe, equipped._model._latents  # noqa: SLF001 - its pictures are noise
    settings = []
    for level in (-0.8, 0.8):
        flat = torch.full((1, 3, 32, 32), level)
        encoded = pipe.vae.encode(flat).latent_dist.mode() * pipe.vae.config.scaling_factor
        with torch.no_grad():
            pipe.scheduler.set_timesteps(1)
            settings.append(np.asarray(latents.preview(encoded[0].detach(), 0)).mean())
    assert settings[1] - settings[0] > 50


def test_a_job_that_is_stopped_stops_the_batch_only_where_all_are(equipped: SdxlPipeline) -> None:
    def stop(_step: int, _steps: int) -> None:
        raise JobCancelled

    stopped = GenerationRequest(message(), [], stop, unseen)
    with pytest.raises(JobCancelled):
        equipped.generate([stopped])
