"""What a prompt says, as far as cues tell: its subject, place, claims, and what it leaves open."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from shared.prompts.rules import words
from shared.prompts.rules.attributes import CLAIMS, CONFLICTS, MEDIA
from shared.prompts.rules.categories import CATEGORIES, IMPLIED
from shared.prompts.rules.subjects import CIRCUMSTANCES, GROUPS, PLACES, THINGS
from shared.prompts.rules.words import Word

Labels = frozenset[str]

EXACT = "!"
"""After a cue: none of the word's other forms."""

_MIN_STYLE_CHARACTERS = 5
"""``photo`` may become ``photograph``."""

_LENGTH = re.compile(r"\d+mm")
_PREPOSITIONS = {"in", "on", "at", "under", "over", "near", "by", "through", "behind", "against"}
_NOUNS = {*THINGS, *PLACES}
_SPEAKS_FOR_ITSELF = {*THINGS, *CATEGORIES, "nothing"}
_Cues = dict[tuple[str, ...], set[str]]


class PromptAnalysis(NamedTuple):
    """A prompt's labels, of ``subjects``, ``claims`` and ``categories``."""

    labels: Labels
    """What it says there is. Of several things the first, which is its subject."""
    negated: Labels
    """What it says there is not."""
    categories: Labels
    """What it has spoken of, if only to decline it."""
    stems: Labels
    """Of each word that means something."""

    def conflicts(self) -> frozenset[frozenset[str]]:
        """The pairs of its claims that exclude each other."""
        return frozenset(pair for pair in CONFLICTS if pair <= self.labels)


@lru_cache(maxsize=2048)
def analyze(text: str) -> PromptAnalysis:
    """What the text says."""
    by_clause = [list(_find_matches(clause)) for clause in words.clauses(text)]
    found = [match for clause in by_clause for match in clause]
    labels = {label for match in found if not match.negated for label in match.labels}
    negated = {label for match in found if match.negated for label in match.labels}
    return PromptAnalysis(
        labels=_with_groups((labels - CATEGORIES.keys() - THINGS.keys()) | _subject(by_clause)),
        negated=frozenset(negated - CATEGORIES.keys() - labels),
        categories=_mentioned_categories(labels | negated),
        stems=frozenset(stem for match in found for stem in match.stems),
    )


def style_words(text: str) -> dict[str, str]:
    """The words that name a medium or a style, each by its beginning, which its forms share."""
    found = [
        match
        for clause in words.clauses(text)
        for match in _find_matches(clause)
        if not match.negated
    ]
    return {
        match.text[:_MIN_STYLE_CHARACTERS]: match.text
        for match in found
        if not match.labels.isdisjoint({*MEDIA, "style"})
    }


def vocabulary() -> Labels:
    """The stems of every word that a cue is made of."""
    return frozenset(part for cue in _cues() for part in cue if not part.endswith(EXACT))


def _subject(by_clause: list[list["_Match"]]) -> Labels:
    """The thing that is named first; ``scene`` where a place is, not as a mere whereabouts.

    Of nouns in a row it is the last: a barn owl is an owl.
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
    """A cue, or a word that is none."""

    text: str
    labels: set[str]
    stems: Labels
    negated: bool
    is_preposition: bool

    @property
    def nouns(self) -> Labels:
        """The things and places that it names."""
        return frozenset(self.labels & _NOUNS)


def _find_matches(clause: list[Word]) -> Iterator[_Match]:
    """A clause's cues and the words between them; what lies within a longer cue is none."""
    end = 0
    for at in range(len(clause)):
        longest = min(_longest(), len(clause) - at)
        size = next((n for n in range(longest, 0, -1) if _key(clause, at, n) in _cues()), 1)
        if at + size <= end:
            continue
        end = at + size
        taken = clause[at:end]
        yield _Match(
            text=" ".join(word.text for word in taken),
            labels=_labels(taken),
            stems=frozenset(word.stem for word in taken if words.means_something(word.text)),
            negated=taken[-1].negated,
            is_preposition=taken[0].text in _PREPOSITIONS,
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
    """Every cue's stems, with its labels."""
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
    """What the shorter cues inside of a cue speak of: ``window_light`` is of light as well."""
    starts = range(len(key))
    parts = (key[a:z] for a in starts for z in range(a + 1, len(key) + 1) if z - a < len(key))
    return {label for part in parts for label in cues.get(part, set()) if label in CATEGORIES}


@lru_cache(maxsize=1)
def _longest() -> int:
    return max(map(len, _cues()))
