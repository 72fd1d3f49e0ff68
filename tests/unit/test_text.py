"""Text of requests: its length is checked before it is normalised, for every field."""

import ast
import sys
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contracts.text import MAX_CONSECUTIVE_MARKS, Text, normalize

ROOT = Path(__file__).parents[2]
PACKAGES = ("functions", "shared", "gpu_workers", "infra")
NORMALIZER = "shared/contracts/text.py"

NAME = TypeAdapter[str](Annotated[str, Text(min_length=1, max_length=10)])
MAX_MARKS_OF_ONE_CHARACTER = 4
"""No character decomposes to more marks than that."""


def _longest_mark_run(text: str) -> int:
    runs = groupby(text, key=lambda character: unicodedata.combining(character) != 0)
    return max((len(list(run)) for is_mark, run in runs if is_mark), default=0)


def _characters_with_marks() -> Iterator[str]:
    for character in map(chr, range(sys.maxunicode + 1)):
        decomposed = unicodedata.normalize("NFKD", character)
        if any(map(unicodedata.combining, decomposed)):
            yield character


def test_no_run_of_marks_that_is_sorted_is_long() -> None:
    """Canonical ordering is quadratic in the length of a run of marks, and in nothing else."""
    characters = list(_characters_with_marks())
    assert {"\u0334", "\u0f73", "\uff9e"} <= set(characters)
    for character in characters:
        run = _longest_mark_run(normalize("NFKD", "a" + character * 200))
        assert run <= MAX_CONSECUTIVE_MARKS * MAX_MARKS_OF_ONE_CHARACTER, hex(ord(character))


def test_no_mixture_of_marks_makes_a_long_run() -> None:
    marks = [mark for mark in _characters_with_marks() if _starts_with_mark(mark)]
    run = _longest_mark_run(normalize("NFKD", "a" + "".join(marks) * 2))
    assert run <= MAX_CONSECUTIVE_MARKS * MAX_MARKS_OF_ONE_CHARACTER


def _starts_with_mark(character: str) -> bool:
    return unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) != 0


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize(
    "text",
    [
        "a cat",
        "Tiếng Việt, e\u0301te\u0301",
        "한국어 \u1112\u1161\u11ab",
        "ﷺ ｶﾞ ①",
        "👩\u200d👩\u200d👧 ❤\ufe0f",
        "नमस्ते",
        "z" + "\u0300\u0334" * 15,
    ],
)
def test_ordinary_text_is_normalised_as_unicode_says(form: str, text: str) -> None:
    assert normalize(form, text) == unicodedata.normalize(form, text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a cat", "a cat"),
        ("  a cat \n", "a cat"),
        ("a\ncat\t!", "a\ncat\t!"),
        ("e\u0301" * 10, "é" * 10),
        ("\u03b1\u0313\u0300\u0345" * 10, "\u1f82" * 10),
        (" " * 500_000 + "a", "a"),
        ("a" + "\u0300" * 9, "à" + "\u0300" * 8),
        ("🦊" * 10, "🦊" * 10),
    ],
)
def test_a_text_is_stripped_and_normalised(text: str, value: str) -> None:
    assert NAME.validate_python(text) == value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "string_too_short"),
        (" \t\n", "string_too_short"),
        ("x" * 11, "string_too_long"),
        ("\ufb2c" * 10, "string_too_long"),  # three times as long in NFC
        ("e\u0301" * 11, "string_too_long"),
        ("a\u0000", "control_characters"),
        ("a\u001b[2J", "control_characters"),
        ("a\u0085b", "control_characters"),
        ("a" + "\u0300" * 31, "too_many_marks"),
        ("a" + "\u0345\u0334" * 18, "too_many_marks"),
        ("\u0f73" * 31, "too_many_marks"),
        # The length is checked before anything that depends on the characters.
        ("x\u0000" * 100_000, "string_too_long"),
        ("a" + "\u0345" * 40_000 + "\u0334" * 40_000, "string_too_long"),
    ],
)
def test_a_text_out_of_bounds_is_refused(text: str, error: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        NAME.validate_python(text)
    assert [detail["type"] for detail in refusal.value.errors()] == [error]


def test_the_bounds_are_in_the_json_schema() -> None:
    assert NAME.json_schema() == {"type": "string", "minLength": 1, "maxLength": 10}


def test_nothing_else_normalises_text() -> None:
    """Text that is normalised elsewhere would be normalised without the limit."""
    callers = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if _normalises(path)
    }
    assert callers == {NORMALIZER}


def _normalises(path: Path) -> bool:
    names = {"normalize", "is_normalized"}
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Attribute(value=ast.Name(id="unicodedata"), attr=attr) if attr in names:
                return True
            case ast.ImportFrom(module="unicodedata", names=imported):
                if any(one.name in names for one in imported):
                    return True
            case ast.Import(names=imported):
                if any(one.name == "unicodedata" and one.asname for one in imported):
                    return True
            case _:
                continue
    return False
