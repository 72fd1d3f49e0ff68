"""The CLIP token estimate, compared with counts of the real tokenizer."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.prompts.rules.tokens import estimate_tokens

# Counted with CLIP's own vocabulary (bpe_simple_vocab_16e6), without start and end tokens.
TOKENS = {
    "a big red star on blue, left": 8,
    "portrait of an old fisherman": 5,
    "isometric city at dusk, 8k": 8,
    "cyberpunk samurai in a neon-lit alley, rain, reflections, ultra detailed": 15,
    "a ceramic teapot on a wooden table, soft window light, 85mm lens at f/1.8": 22,
    "hyperrealistic portrait of a warrior, intricate beadwork, golden hour, bokeh": 16,
    "A golden retriever puppy chases a butterfly through a meadow of wildflowers.": 13,
    "low poly render of a viking longship, octane, volumetric fog": 14,
    "the inside of a cathedral, interior magazine photograph, soft daylight from the left": 15,
    "(a red fox:1.3), snow, <lora:winter:0.7>": 21,
    "дети запускают змея": 24,
    "子供が凧で遊んでいる": 21,
    "Ein Mädchen mit Äpfeln": 10,
}


@pytest.mark.parametrize("prompt", TOKENS)
def test_the_estimate_is_near_clips_own_count_and_seldom_below(prompt: str) -> None:
    assert 0.9 <= estimate_tokens(prompt) / TOKENS[prompt] <= 1.5


def test_over_many_words_the_estimate_errs_upwards() -> None:
    estimated = sum(map(estimate_tokens, TOKENS))

    assert 1.0 <= estimated / sum(TOKENS.values()) <= 1.25


@given(some.text(), some.text())
def test_more_text_is_never_fewer_tokens(one: str, other: str) -> None:
    together = estimate_tokens(f"{one} {other}")

    assert together == estimate_tokens(one) + estimate_tokens(other)
