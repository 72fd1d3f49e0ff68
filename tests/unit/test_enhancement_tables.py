"""Consistency of the tables of the enhancement rules."""

import re
from itertools import pairwise

import pytest

from shared.prompts.rules import words
from shared.prompts.rules.phrases import TABLES, Phrase, table
from shared.prompts.rules.prompt_analysis import Labels, analyze
from shared.prompts.rules.tokens import estimate_tokens
from shared.prompts.rules.vocabulary import (
    CATEGORIES,
    CIRCUMSTANCES,
    CLAIMS,
    CONFLICTS,
    GROUPS,
    IMPLIED,
    MEDIA,
    NEEDLESS,
    ORDER,
    PLACES,
    THINGS,
)

LABELS = {*THINGS, *PLACES, *CIRCUMSTANCES, *GROUPS, *MEDIA, *CLAIMS}
LINES = [(category, phrase) for category in TABLES for phrase in table(category)]
MOVES_WITH = {"camera": {"motion"}, "lens": {"style"}}
"""Categories that a phrase may mention beside its own: a camera moves, a lens implies a photo."""

FREQUENT_BRANDS = re.compile(
    r"canon|nikon|leica|kodak|fuji|sony|arri|pixar|disney|marvel", re.IGNORECASE
)


def name(value: object) -> str:
    return value.short if isinstance(value, Phrase) else str(value)


@pytest.mark.parametrize(("category", "phrase"), LINES, ids=name)
def test_a_phrase_speaks_of_its_category_and_of_no_other(category: str, phrase: Phrase) -> None:
    for text in (phrase.short, phrase.full):
        spoken = analyze(text).categories
        assert category in spoken
        assert spoken - {category} <= MOVES_WITH.get(category, set())


@pytest.mark.parametrize(("category", "phrase"), LINES, ids=name)
def test_a_phrase_agrees_with_itself(category: str, phrase: Phrase) -> None:
    analysis = analyze(phrase.full)
    stems = words.stems(words.content(phrase.full))

    assert category in ORDER["image"] + ORDER["video"]
    assert not analysis.conflicts()
    assert not analysis.labels & phrase.excludes
    assert len(stems) == len(set(stems))
    assert phrase.full.isascii()
    assert estimate_tokens(phrase.full) <= 16
    assert not FREQUENT_BRANDS.search(phrase.full)


@pytest.mark.parametrize(("category", "phrase"), LINES, ids=name)
def test_a_phrase_puts_a_prompt_in_no_other_place(category: str, phrase: Phrase) -> None:
    assert category
    assert analyze(phrase.full).labels & PLACES.keys() <= phrase.needs | {"sky"}


@pytest.mark.parametrize(("category", "phrase"), LINES, ids=name)
def test_a_phrase_can_be_reached(category: str, phrase: Phrase) -> None:
    assert category
    known = LABELS | {"image", "video", "scene"}
    assert phrase.needs | phrase.excludes <= known
    assert not phrase.needs & phrase.excludes
    assert not any(pair <= phrase.needs | analyze(phrase.short).labels for pair in CONFLICTS)


def test_each_category_has_a_phrase_for_any_picture() -> None:
    for category in ORDER["video"]:
        bare: Labels = frozenset({"video"})
        assert any(phrase.rank(bare) is not None for phrase in table(category)), category


def test_every_conflict_is_between_claims() -> None:
    assert all(len(pair) == 2 for pair in CONFLICTS)
    assert {label for pair in CONFLICTS for label in pair} <= {*CLAIMS, *MEDIA}


@pytest.mark.parametrize("pair", sorted(map(sorted, CONFLICTS)), ids="-".join)
def test_a_conflict_is_seen_in_a_prompt_that_holds_both(pair: list[str]) -> None:
    cues = [({**MEDIA, **CLAIMS})[label].split()[0].rstrip("!").replace("_", " ") for label in pair]

    assert frozenset(pair) in analyze(", ".join(cues)).conflicts()


def test_every_label_that_another_table_names_is_there() -> None:
    assert {member for members in GROUPS.values() for member in members.split()} <= LABELS
    assert IMPLIED.keys() <= LABELS
    assert set(IMPLIED.values()) <= CATEGORIES.keys()
    assert NEEDLESS.keys() <= LABELS
    assert set(ORDER["video"]) == CATEGORIES.keys() == TABLES.keys()


@pytest.mark.parametrize(
    "labels", [THINGS, PLACES, CIRCUMSTANCES, MEDIA, CLAIMS, CATEGORIES], ids=lambda _: "table"
)
def test_no_cue_stands_twice_under_one_label(labels: dict[str, str]) -> None:
    for label, text in labels.items():
        assert not any(a == b for a, b in pairwise(sorted(text.split()))), label


@pytest.mark.parametrize(
    ("text", "labels", "absent"),
    [
        ("a hot dog", {"food"}, {"animal"}),
        ("a man fishing", {"person"}, {"animal"}),
        ("a deserted beach", {"sea", "deserted", "scene"}, {"landscape"}),
        ("a cat in a car", {"animal"}, {"vehicle"}),
        ("a kitchen with a cat", {"interior", "scene"}, {"animal"}),
        ("a lemur in a kitchen", {"interior"}, {"scene"}),
        ("city lights, no people", {"city"}, {"person", "several"}),
        ("no people in a sunny city", {"city", "clear"}, {"person", "several"}),
        ("not a photo, a drawing", {"drawn"}, {"photo"}),
        ("a market seen from above", {"city", "overhead"}, {"eye_level"}),
        ("her dark hair in the sun", {"day"}, {"dark"}),
        ("85 mm, f/1.8", {"photo"}, set()),
        ("Knight", {"person"}, {"night"}),
        ("SUNLIT dunes", {"day", "landscape"}, set()),
    ],
)
def test_a_prompt_is_read_as_it_is_meant(text: str, labels: set[str], absent: set[str]) -> None:
    found = analyze(text).labels

    assert labels <= found
    assert found.isdisjoint(absent)
