"""Properties of every enhancement, for generated prompts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from shared.contracts.job_catalog import MediaType, Quality
from shared.prompts.rules.prompt_analysis import analyze
from shared.prompts.rules.rule_enhancer import RuleEnhancement, enhance
from shared.prompts.rules.tokens import estimate_tokens
from shared.prompts.rules.vocabulary import (
    CATEGORIES,
    CIRCUMSTANCES,
    CLAIMS,
    MEDIA,
    ORDER,
    PLACES,
    THINGS,
)

CUES = sorted(
    {
        cue.rstrip("!").replace("_", " ")
        for table in (THINGS, PLACES, CIRCUMSTANCES, MEDIA, CLAIMS, CATEGORIES)
        for text in table.values()
        for cue in text.split()
    }
)
BETWEEN = ["a", "the", "in", "of", "and", "with", "no", "without", "not", "qwzx", "mit", "la", "的"]
MARKS = some.sampled_from([" ", " ", " ", ", ", ". ", "\n", "-", "; ", " (", "!"])

PIECES = some.one_of(
    some.sampled_from(CUES), some.sampled_from(BETWEEN), some.text(max_size=6), MARKS
)
WORDS = some.lists(some.tuples(PIECES, MARKS), max_size=14).map(
    lambda pieces: "".join(piece + mark for piece, mark in pieces)
)
ENGLISH = some.lists(some.sampled_from(CUES), min_size=1, max_size=5).map(
    lambda cues: f"the {', '.join(cues)}"
)
PROMPTS = some.one_of(WORDS, ENGLISH, some.text(max_size=80))
MEDIAS = some.sampled_from(["image", "video"])
QUALITIES = some.sampled_from(["fast", "high"])
LIMITS = some.integers(0, 220)

_GRAMMAR = "a an and as at by from in into it of on over the their to under up with"
GRAMMAR = set(_GRAMMAR.split())


def words(text: str) -> set[str]:
    """Return the words of a text without function words; an aperture is one word."""
    return set(re.findall(r"f/[\d.]+|[^\W_]+", text.lower())) - GRAMMAR


def more_than(prompt: str, enhancement: RuleEnhancement) -> str:
    """Return the text that was added to a prompt."""
    kept = prompt.rstrip(" \t\r\n,;") if enhancement.added else prompt
    assert enhancement.text.startswith(kept)
    return enhancement.text.removeprefix(kept)


@settings(deadline=None)
@given(PROMPTS, MEDIAS, QUALITIES, LIMITS)
def test_the_prompt_stands_as_it_was_and_what_was_added_is_named(
    prompt: str, media: MediaType, quality: Quality, limit: int
) -> None:
    enhancement = enhance(prompt, media=media, quality=quality, token_limit=limit)

    assert bool(more_than(prompt, enhancement)) == bool(enhancement.added)
    assert sorted(set(enhancement.added)) == sorted(enhancement.added)
    assert set(enhancement.added) <= set(ORDER[media])
    assert set(enhancement.added).isdisjoint(analyze(prompt).categories)
    assert set(enhancement.added) <= analyze(enhancement.text).categories
    assert enhancement.model_used == "rules"


@settings(deadline=None)
@given(PROMPTS, MEDIAS, QUALITIES, LIMITS)
def test_no_word_is_said_again(prompt: str, media: MediaType, quality: Quality, limit: int) -> None:
    enhancement = enhance(prompt, media=media, quality=quality, token_limit=limit)

    added = more_than(prompt, enhancement)
    assert words(added).isdisjoint(words(prompt))
    phrases = [words(phrase) for phrase in re.split(r"[,.] ?", added)]
    added_words = [word for phrase in phrases for word in phrase]
    assert sorted(added_words) == sorted(set(added_words))


@settings(deadline=None)
@given(PROMPTS, MEDIAS, QUALITIES, LIMITS)
def test_the_limit_is_kept(prompt: str, media: MediaType, quality: Quality, limit: int) -> None:
    enhancement = enhance(prompt, media=media, quality=quality, token_limit=limit)

    assert enhancement.text == prompt or estimate_tokens(enhancement.text) <= limit


@settings(deadline=None)
@given(PROMPTS, MEDIAS, QUALITIES, LIMITS)
def test_a_second_time_adds_nothing(
    prompt: str, media: MediaType, quality: Quality, limit: int
) -> None:
    enhancement = enhance(prompt, media=media, quality=quality, token_limit=limit)
    again = enhance(enhancement.text, media=media, quality=quality, token_limit=limit)

    assert again == (enhancement.text, [], "rules")


@settings(deadline=None)
@given(PROMPTS, MEDIAS, QUALITIES, LIMITS)
def test_nothing_is_contradicted_or_brought_back(
    prompt: str, media: MediaType, quality: Quality, limit: int
) -> None:
    before = analyze(prompt)
    enhancement = enhance(prompt, media=media, quality=quality, token_limit=limit)

    assert analyze(enhancement.text).conflicts() <= before.conflicts()
    assert analyze(enhancement.text).labels.isdisjoint(before.negated)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_every_process_answers_the_same(seed: str) -> None:
    prompts = ["a red fox", "portrait of a king", "Tokyo at night", "a bowl of ramen"]
    text = (
        "import sys; from shared.prompts.rules.rule_enhancer import enhance\n"
        "for one in sys.argv[1:]:"
        " print(enhance(one, media='image', quality='fast', token_limit=75).text)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", text, *prompts],
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": seed},
        check=True,
        capture_output=True,
        text=True,
    )

    here = [
        enhance(prompt, media="image", quality="fast", token_limit=75).text for prompt in prompts
    ]
    assert answer.stdout.splitlines() == here


def test_similar_prompts_get_different_additions() -> None:
    prompts = [f"a {age} year old whisky in a bar, table {age}" for age in range(20, 40)]
    found = {
        enhance(prompt, media="image", quality="fast", token_limit=75).text.removeprefix(prompt)
        for prompt in prompts
    }

    assert len(found) > 1
