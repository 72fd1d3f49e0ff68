"""What a check says of an enhancement."""

from collections.abc import Sequence
from typing import NamedTuple

_MAX_NAMED = 5


class CheckResult(NamedTuple):
    """A judgement, with its evidence."""

    passed: bool
    score: float
    """From 0 to 1."""
    feedback: str
    """A sentence for a person, with what it rests on."""


def named(words: Sequence[str]) -> str:
    """A few of the words, in quotation marks."""
    distinct = list(dict.fromkeys(words))
    more = len(distinct) - _MAX_NAMED
    text = ", ".join(f'"{word}"' for word in distinct[:_MAX_NAMED])
    return f"{text} and {more} more" if more > 0 else text


def counted(number: int, one: str, several: str | None = None) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"
