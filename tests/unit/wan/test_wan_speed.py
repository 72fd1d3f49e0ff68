"""WAN speed options: exact ones change nothing, lossy ones are off by default and declared."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gpu_workers.runtime.pipeline import JobCancelled
from gpu_workers.wan.pipeline import WanPipeline
from gpu_workers.wan.settings import WanSettings
from tests.support.pipelines import generate_alone
from tests.unit.wan import fixtures
from tests.unit.wan.fixtures import CLIP, PICTURE, made, message, reference

LOSSY = [
    ({"wan_fp8": True}, "fp8 weights"),
    ({"wan_first_block_cache": 0.9}, "first block cache 0.9"),
    ({"wan_attention": "sage"}, "sage attention"),
]


@pytest.fixture(scope="module")
def exact(models: Path) -> WanPipeline:
    return loaded(models)


def loaded(models: Path, **changed: object) -> WanPipeline:
    return fixtures.loaded(models, wan_frames=5, wan_side=48, **changed)


def middle(pipeline: WanPipeline, **params: object) -> NDArray[np.int_]:
    return np.asarray(made(pipeline, CLIP, **params).thumbnail_source).astype(int)  # type: ignore[arg-type]


def test_nothing_lossy_is_on_by_default(exact: WanPipeline) -> None:
    assert WanSettings().lossy == []
    assert "lossy" not in made(exact).settings


@pytest.mark.parametrize(("changed", "name"), LOSSY)
def test_a_lossy_option_is_named(changed: dict[str, Any], name: str) -> None:
    assert WanSettings(**changed).lossy == [name]


@pytest.mark.parametrize(("changed", "name"), LOSSY[:2])
def test_a_lossy_option_is_named_in_what_it_filmed_and_changes_it(
    models: Path, exact: WanPipeline, changed: dict[str, Any], name: str
) -> None:
    fast = loaded(models, **changed)
    clip = made(fast, steps=6)
    assert clip.settings["lossy"] == [name]
    changed_by = np.asarray(clip.thumbnail_source) - middle(exact, steps=6)
    assert 0 < np.abs(changed_by).mean() < 20


def test_an_attention_of_the_same_meaning_films_the_same(
    models: Path, exact: WanPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers.models import attention_dispatch  # noqa: PLC0415 - it takes seconds to import

    pipeline, chosen, calls = loaded(models, wan_attention="_native_math"), "_native_math", []
    backends = attention_dispatch._AttentionBackendRegistry._backends  # noqa: SLF001 - no other name
    original = backends[chosen]

    def counted(*positional: object, **named: object) -> object:
        calls.append(1)
        return original(*positional, **named)

    monkeypatch.setitem(backends, chosen, counted)
    expected = middle(exact)
    assert not calls
    assert np.abs(middle(pipeline) - expected).max() <= 1
    assert calls
    assert made(pipeline).settings["attention"] == chosen


def test_the_caches_of_a_stopped_job_are_none_for_the_next(models: Path) -> None:
    cached = loaded(models, wan_first_block_cache=0.9)
    before = middle(cached, steps=6)

    def stop_at_three(step: int, _: int) -> None:
        if step == 3:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        generate_alone(cached, message(steps=6, seed=1000), [], stop_at_three)
    assert np.array_equal(middle(cached, steps=6), before)


def test_a_picture_is_generated_without_the_cache(models: Path, exact: WanPipeline) -> None:
    params = {"references": [reference("reference")], "steps": 4}
    expected = made(exact, PICTURE, **params)  # type: ignore[arg-type]
    cached = loaded(models, wan_first_block_cache=0.9)
    before = middle(cached, steps=6)
    assert made(cached, PICTURE, **params).thumbnail_source == expected.thumbnail_source  # type: ignore[arg-type]
    assert np.array_equal(middle(cached, steps=6), before)
    assert not np.array_equal(middle(exact, steps=6), before)


def test_a_prompt_is_encoded_once(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import UMT5EncoderModel  # noqa: PLC0415 - it takes seconds to import

    pipeline, original, calls = loaded(models), UMT5EncoderModel.forward, []

    def counted(*positional: object, **named: object) -> object:
        calls.append(1)
        return original(*positional, **named)

    monkeypatch.setattr(UMT5EncoderModel, "forward", counted)
    for seed in (1, 2):
        made(pipeline, seed=seed)
    assert len(calls) == 2  # The prompt, and the empty negative prompt.


@pytest.mark.slow
def test_compiled_blocks_film_the_same(models: Path, exact: WanPipeline) -> None:
    from torch._dynamo.utils import counters  # noqa: PLC0415 - it takes seconds to import

    pipeline = loaded(models, wan_compile=True)
    assert np.abs(middle(pipeline) - middle(exact)).max() <= 1
    assert counters["stats"]["unique_graphs"] > 0
