"""Prompts: encoded in full, with weights and LoRA tags."""

import pytest

from gpu_workers.runtime.pipeline import PermanentError
from gpu_workers.sdxl import prompt_parser
from gpu_workers.sdxl.pipeline import SdxlPipeline
from tests.unit.sdxl.fixtures import drawn, pixels

LONG = "a red star over the sea, " * 20
"""About 400 tokens: the tiny model's tokenizer has one token for each character."""


def test_what_stands_beyond_the_77th_token_counts(pipeline: SdxlPipeline) -> None:
    seen = {
        pixels(drawn(pipeline, prompt=prompt, negative_prompt=negative)[0])
        for prompt, negative in [
            (f"{LONG}.", ""),
            (f"{LONG}!", ""),
            ("a red star", f"{LONG}."),
            ("a red star", f"{LONG}!"),
        ]
    }
    assert len(seen) == 4


def test_a_short_prompt_is_encoded_as_the_model_itself_encodes_it(pipeline: SdxlPipeline) -> None:
    import torch  # noqa: PLC0415 - it takes seconds to import

    pipe = pipeline._model._pipe  # noqa: SLF001 - what is drawn with it is noise either way
    theirs = pipe.encode_prompt("a red star", negative_prompt="blurry")
    prompts = prompt_parser.read("a red star"), prompt_parser.read("blurry")
    ours = pipeline._model._encoder.encode(*prompts)  # noqa: SLF001 - the same
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_an_empty_negative_prompt_is_what_the_model_was_trained_on(
    pipeline: SdxlPipeline,
) -> None:
    nothing = pipeline._model._encoder.encode(prompt_parser.read("a"), prompt_parser.read(""))  # noqa: SLF001 - the same
    assert not nothing.negative.any()
    assert not nothing.negative_pooled.any()


def test_weights_count(pipeline: SdxlPipeline) -> None:
    written = ["a red star", "a (red:1.3) star", "a (red:0.4) star", "a (red:1.0) star"]
    plain, more, less, as_it_is = (pixels(drawn(pipeline, prompt=one)[0]) for one in written)
    assert len({plain, more, less}) == 3
    assert plain == as_it_is


def test_text_that_means_something_to_others_is_text(pipeline: SdxlPipeline) -> None:
    for prompt in ('(( "a".and() ()', "C++ black- (a, b).blend(0.5)", "()"):
        assert len(drawn(pipeline, prompt=prompt, steps=1)) == 1


def test_loras_are_drawn_with_where_they_are_named_and_nowhere_else(
    equipped: SdxlPipeline, pipeline: SdxlPipeline
) -> None:
    written = [
        "",
        "<lora:ink>",
        "<lora:ink:0.3>",
        "<lora:watercolour>",
        "<lora:ink><lora:watercolour>",
    ]
    seen = [pixels(drawn(equipped, prompt=f"a red star{one}")[0]) for one in written]
    assert len(set(seen)) == len(written)
    assert pixels(drawn(equipped, prompt="a red star<lora:ink>")[0]) == seen[1]
    assert pixels(drawn(equipped)[0]) == pixels(drawn(pipeline)[0])


@pytest.mark.parametrize("name", ["oil", "../loras/ink", "ink.safetensors", "/etc/passwd"])
def test_a_lora_that_is_not_there_is_a_permanent_failure(
    equipped: SdxlPipeline, pipeline: SdxlPipeline, name: str
) -> None:
    for one in (equipped, pipeline):
        with pytest.raises(PermanentError) as refused:
            drawn(one, prompt=f"a red star <lora:{name}:1>")
        assert refused.value.code == "unknown_lora"
