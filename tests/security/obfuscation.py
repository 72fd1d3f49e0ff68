"""Ways to write a word that a person can read, but a simple rule does not find."""
# ruff: noqa: RUF001 - look-alike characters are generated here

import random
from collections.abc import Callable
from typing import NamedTuple

from tests.support.safety_drill import ONE, OTHER

_CYRILLIC = str.maketrans("oepis", "оеріѕ")
_GREEK = str.maketrans("opi", "ορι")
_LEET = str.maketrans("oeils", "03115")
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e"
_MARKS = "\u0300\u0301\u0308\u0327\u0336"
_SIGNS = ".-_*~/'"
_FILLING = ("in the rain", "at dusk", "oil on canvas", "on a hill", "with a lamp", "seen from afar")


class Disguised(NamedTuple):
    """A prompt that mentions both contexts, and the ways in which they are obfuscated."""

    ways: str
    text: str


def _between(text: str, chance: random.Random, characters: str) -> str:
    return "".join(one + chance.choice(characters) for one in text)


def _cut(text: str, chance: random.Random, between: str) -> str:
    """Cut the text in two, so that no part is longer than four characters."""
    place = chance.randint(len(text) - 4, 4)
    return text[:place] + between + text[place:]


WAYS: dict[str, Callable[[str, random.Random], str]] = {
    "plain": lambda text, _: text,
    "capitals": lambda text, chance: "".join(chance.choice([a, a.upper()]) for a in text),
    "full width": lambda text, _: "".join(chr(ord(one) + 0xFEE0) for one in text),
    "mathematical": lambda text, _: "".join(chr(ord(one) - 97 + 0x1D41A) for one in text),
    "circled": lambda text, _: "".join(chr(ord(one) - 97 + 0x24D0) for one in text),
    "Cyrillic": lambda text, _: text.translate(_CYRILLIC),
    "Greek": lambda text, _: text.translate(_GREEK),
    "leetspeak": lambda text, _: text.translate(_LEET),
    "invisible": lambda text, chance: _between(text, chance, _INVISIBLE),
    "marks": lambda text, chance: _between(text, chance, _MARKS),
    "one by one": lambda text, _: " ".join(text),
    "signs": lambda text, chance: chance.choice(_SIGNS).join(text),
    "pieces": lambda text, chance: _cut(text, chance, " "),
    "a sign inside": lambda text, chance: _cut(text, chance, chance.choice(_SIGNS)),
    "a weight": lambda text, chance: f"({text}:{chance.uniform(0.1, 2):.1f})",
    "a weight inside": lambda text, chance: f"{_cut(text, chance, '(')}:1.1)",
    "a tag inside": lambda text, chance: _cut(text, chance, "<lora:ink:0.5>"),
    "stretched": lambda text, chance: text.replace("e", "e" * chance.randint(3, 9)),
}


def make(chance: random.Random, count: int) -> list[Disguised]:
    """Return ``count`` prompts; each half is obfuscated in its own way, all ways equally often."""
    names = list(WAYS)
    return [
        _one(chance, names[number % len(names)], chance.choice(names)) for number in range(count)
    ]


def _one(chance: random.Random, way: str, other_way: str) -> Disguised:
    halves = [WAYS[way](ONE, chance), WAYS[other_way](OTHER, chance)]
    chance.shuffle(halves)
    between = " ".join(chance.sample(_FILLING, chance.randint(1, 3)))
    return Disguised(f"{way}, {other_way}", f"a {halves[0]} {between} and a {halves[1]}, painted")
