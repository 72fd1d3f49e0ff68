"""Parse a prompt into subject, places, attributes and categories, by cue words."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from shared.prompts.rules import words
from shared.prompts.rules.vocabulary import (
    CATEGORIES,
    CIRCUMSTANCES,
    CLAIMS,
    CONFLICTS,
    GROUPS,
    IMPLIED,
    MEDIA,
    PLACES,
    THINGS,
)
from shared.prompts.rules.words import Word

Labels = frozenset[str]

EXACT = "!"
"""After a cue: match only this form of the word."""

_MIN_STYLE_CHARACTERS = 5
"""Style words are compared by this many characters: ``photo`` matches ``photograph``."""

_LENGTH = re.compile(r"\d+mm")
_PREPOSITIONS = {"in", "on", "at", "under", "over", "near", "by", "through", "behind", "against"}
_NOUNS = {*THINGS, *PLACES}
_SPEAKS_FOR_ITSELF = {*THINGS, *CATEGORIES, "nothing"}
_Cues = dict[tuple[str, ...], set[str]]


class PromptAnalysis(NamedTuple):
    """A prompt's labels, of the ``vocabulary``."""

    labels: Labels
    """Labels of what it describes. Of several things only the first, which is the subject."""
    negated: Labels
    """Labels of what it negates."""
    categories: Labels
    """Categories that it mentions or negates."""
    stems: Labels
    """Stems of its content words."""

    def conflicts(self) -> frozenset[frozenset[str]]:
        """Return the pairs of its attributes that exclude each other."""
        return frozenset(pair for pair in CONFLICTS if pair <= self.labels)


@lru_cache(maxsize=2048)
def analyze(text: str) -> PromptAnalysis:
    """Analyze a prompt."""
    by_clause = [list(_find_matches(clause)) for clause in words.clauses(text)]
    matches = [match for clause in by_clause for match in clause]
    labels = {label for match in matches if not match.negated for label in match.labels}
    negated = {label for match in matches if match.negated for label in match.labels}
    return PromptAnalysis(
        labels=_with_groups((labels - CATEGORIES.keys() - THINGS.keys()) | _subject(by_clause)),
        negated=frozenset(negated - CATEGORIES.keys() - labels),
        categories=_mentioned_categories(labels | negated),
        stems=frozenset(stem for match in matches for stem in match.stems),
    )


def style_words(text: str) -> dict[str, str]:
    """Return the words that name a medium or style, by their first characters."""
    matches = [
        match
        for clause in words.clauses(text)
        for match in _find_matches(clause)
        if not match.negated
    ]
    return {
        match.text[:_MIN_STYLE_CHARACTERS]: match.text
        for match in matches
        if not match.labels.isdisjoint({*MEDIA, "style"})
    }


def vocabulary() -> Labels:
    """Return the stems of all words in cues."""
    return frozenset(part for cue in _cues() for part in cue if not part.endswith(EXACT))


def _subject(by_clause: list[list["_Match"]]) -> Labels:
    """Return the labels of the first thing; ``scene`` if it is a place and not only a location.

    Of adjacent nouns the last one counts: a barn owl is an owl.
    """
    unknown = placed = False
    for clause in by_clause:
        for match, following in zip(clause, [*clause[1:], None], strict=True):
            unknown |= bool(match.stems) and not match.labels
            placed |= match.is_preposition
            if match.negated or not match.nouns or (following and following.nouns):
                continue
            if things := match.nouns & THINGS.keys():
                return things
            if not (unknown and placed):
                return frozenset({"scene"})
    return frozenset()


def _with_groups(labels: set[str]) -> Labels:
    groups = (group for group, members in GROUPS.items() if not labels.isdisjoint(members.split()))
    return frozenset(labels.union(groups))


def _mentioned_categories(labels: set[str]) -> Labels:
    implied = {IMPLIED[label] for label in labels if label in IMPLIED}
    return frozenset((labels & CATEGORIES.keys()) | implied)


class _Match(NamedTuple):
    """A cue, or a word between cues."""

    text: str
    labels: set[str]
    stems: Labels
    negated: bool
    is_preposition: bool

    @property
    def nouns(self) -> Labels:
        """The labels of things and places."""
        return frozenset(self.labels & _NOUNS)


def _find_matches(clause: list[Word]) -> Iterator[_Match]:
    """Yield a clause's cues and the words between them. The longest cue wins."""
    end = 0
    for at in range(len(clause)):
        longest = min(_longest(), len(clause) - at)
        size = next((n for n in range(longest, 0, -1) if _key(clause, at, n) in _cues()), 1)
        if at + size <= end:
            continue
        end = at + size
        matched = clause[at:end]
        yield _Match(
            text=" ".join(word.text for word in matched),
            labels=_labels(matched),
            stems=frozenset(word.stem for word in matched if words.means_something(word.text)),
            negated=matched[-1].negated,
            is_preposition=matched[0].text in _PREPOSITIONS,
        )


def _labels(words: list[Word]) -> set[str]:
    labels = _cues().get(_key(words, 0, len(words)), set())
    if len(words) > 1:
        return labels
    (word,) = words
    if not labels and _LENGTH.fullmatch(word.text):
        return _cues()[("mm",)]
    if word.stem != word.text and word.text.endswith(("ing", "ed")):
        labels = labels - _NOUNS  # fishing is no fish
    return labels | _cues().get((word.text + EXACT,), set())


def _key(clause: list[Word], at: int, size: int) -> tuple[str, ...]:
    return tuple(word.stem for word in clause[at : at + size])


@lru_cache(maxsize=1)
def _cues() -> _Cues:
    """Return the labels of all cues, by the stems of their words."""
    cues: _Cues = {}
    for table in (THINGS, PLACES, CIRCUMSTANCES, MEDIA, CLAIMS, CATEGORIES):
        for label, text in table.items():
            for cue in text.split():
                exact = cue.endswith(EXACT)
                key = (cue,) if exact else tuple(map(words.stem, cue.split("_")))
                cues.setdefault(key, set()).add(label)
    for key, labels in cues.items():
        if labels.isdisjoint(_SPEAKS_FOR_ITSELF):
            labels.update(_categories_within(key, cues))
    return cues


def _categories_within(key: tuple[str, ...], cues: _Cues) -> set[str]:
    """Return the categories of shorter cues in a cue: ``window_light`` belongs to light too."""
    starts = range(len(key))
    parts = (key[a:z] for a in starts for z in range(a + 1, len(key) + 1) if z - a < len(key))
    return {label for part in parts for label in cues.get(part, set()) if label in CATEGORIES}


@lru_cache(maxsize=1)
def _longest() -> int:
    return max(map(len, _cues()))
