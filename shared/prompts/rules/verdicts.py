"""Result of a check of an enhancement, and helpers for its feedback."""

from collections.abc import Sequence
from typing import NamedTuple

_MAX_NAMED = 5


class CheckResult(NamedTuple):
    """Result of a check."""

    passed: bool
    score: float
    """From 0 to 1."""
    feedback: str
    """An explanation for a person, with the evidence."""


def named(words: Sequence[str]) -> str:
    """Quote up to five of the words, and count the rest."""
    distinct = list(dict.fromkeys(words))
    more = len(distinct) - _MAX_NAMED
    text = ", ".join(f'"{word}"' for word in distinct[:_MAX_NAMED])
    return f"{text} and {more} more" if more > 0 else text


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return a number with its noun in singular or plural."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"
