"""Tokenise prompts into clauses, stems and negations."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_NEGATED = 4
"""Maximum content words that a negation applies to."""

_BREAK = re.compile(r"[^\w\s'/&-]+|\n")
_APERTURE = re.compile(r"\bf/?\d+(?:\.\d+)?\b", re.IGNORECASE)
_LENGTH = re.compile(r"\b\d+ ?mm\b", re.IGNORECASE)
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"'s\b")
_DOUBLED = re.compile(r"([bdgmnprt])\1$")
_SPELLINGS = str.maketrans({"\u2019": "'"})
_CONTRACTIONS = {
    "building",
    "ceiling",
    "clothing",
    "during",
    "earring",
    "evening",
    "king",
    "morning",
    "spring",
    "string",
}
_SHORTEST_STEM = 3
_ENDINGS = (("ing", 3), ("ed", 3), ("ly", 4))
"""Endings, each with the minimum length of the rest."""

_SHORTEST_BEFORE_E = 5

_GRAMMAR = """
a an and are as at be but by for from has have her his in inside into is it its itself like
no nor not of off on onto or our out over she he that the their them then there these they this
those to under up upon very was were which while who with within without you your
"""
FUNCTION_WORDS = frozenset(_GRAMMAR.split())
_NEGATING = "no not without never non minus lacking avoid excluding dont"
NEGATIONS = frozenset(_NEGATING.split())
_ENDS_NEGATION = {
    "and",
    "but",
    "with",
    "in",
    "at",
    "on",
    "under",
    "over",
    "while",
    "behind",
    "from",
}


class Word(NamedTuple):
    """One word of a prompt."""

    text: str
    """The word in lowercase."""
    stem: str
    negated: bool = False


def clauses(text: str) -> Iterator[list[Word]]:
    """Yield the words of each clause; clauses are separated by punctuation."""
    plain = text.lower().translate(_SPELLINGS)
    plain = _APERTURE.sub("aperture", plain)
    plain = _LENGTH.sub(lambda match: match.group().replace(" ", ""), plain)
    for clause in _BREAK.split(_POSSESSIVE.sub("", plain)):
        spaced = _UNSPACED.sub(lambda match: f" {match.group()} ", clause.replace("n't", " not"))
        words = [Word(word, stem(word)) for word in _WORD.findall(spaced)]
        if words:
            yield _negated(words)


def content(text: str) -> list[Word]:
    """Return the content words of a text, in order."""
    return [word for clause in clauses(text) for word in clause if means_something(word.text)]


def means_something(word: str) -> bool:
    """Return whether it is a content word, not a function word or negation."""
    return word not in FUNCTION_WORDS and word not in NEGATIONS


def stems(words: Iterable[Word]) -> list[str]:
    """Return the stems of words, in order."""
    return [word.stem for word in words]


def stem(word: str) -> str:
    """Return the stem that a word shares with its other forms: ``lighting`` becomes ``light``."""
    if word in _CONTRACTIONS or not word.isascii():
        return word
    base = _without_ending(word.replace("color", "colour").replace("gray", "grey"))
    return base[:-1] if base.endswith("e") and len(base) >= _SHORTEST_BEFORE_E else base


def _without_ending(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if re.search(r"(x|ch|sh|ss)es$", word):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1] if len(word) > _SHORTEST_STEM else word
    for ending, shortest in _ENDINGS:
        base = word.removesuffix(ending)
        if base != word and len(base) >= shortest and not base.endswith("e"):
            return _DOUBLED.sub(r"\1", base)
    return word


def _negated(words: list[Word]) -> list[Word]:
    """Return the words, with those marked that a preceding negation applies to."""
    reach, marked = 0, []
    for word in words:
        if word.text in NEGATIONS:
            reach = MAX_NEGATED
        elif word.text in _ENDS_NEGATION:
            reach = 0
        elif reach and means_something(word.text):
            word, reach = word._replace(negated=True), reach - 1  # noqa: PLW2901 - replaced by its marked copy
        marked.append(word)
    return marked
