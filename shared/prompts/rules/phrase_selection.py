"""Which phrase of a table fits a prompt."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from shared.contracts.job_catalog import MediaType, Quality
from shared.prompts.rules import framing_phrases, phrase_tables, video_phrases
from shared.prompts.rules.attributes import CONFLICTS, MEDIA
from shared.prompts.rules.categories import NEEDLESS
from shared.prompts.rules.prompt_analysis import Labels, PromptAnalysis, analyze

TABLES = {
    "style": phrase_tables.STYLE,
    "light": phrase_tables.LIGHT,
    "lens": framing_phrases.LENS,
    "composition": framing_phrases.COMPOSITION,
    "detail": framing_phrases.DETAIL,
    "motion": video_phrases.MOTION,
    "camera": video_phrases.CAMERA,
}

_MEDIUM_COUNTS_MORE = 2
"""A watercolour of a fox is a watercolour first."""


class Phrase(NamedTuple):
    """One line of a table."""

    needs: Labels
    excludes: Labels
    short: str
    full: str

    def rank(self, labels: Labels) -> int | None:
        """The labels that it names, a medium for three; None where it does not fit."""
        if not self.needs <= labels or self.excludes & labels:
            return None
        return len(self.needs) + _MEDIUM_COUNTS_MORE * len(self.needs & MEDIA.keys())


def select_phrases(
    category: str, prompt: str, so_far: str, media: MediaType, quality: Quality
) -> list[str]:
    """What may be added in a category to the prompt with what was added so far, the best first."""
    here = analyze(so_far)
    if category in here.categories or any(
        category in NEEDLESS.get(label, ()) for label in here.labels
    ):
        return []
    ranked = [
        (rank, _hash(prompt, phrase.short), phrase)
        for phrase in table(category)
        if (rank := phrase.rank(here.labels | {media})) is not None
    ]
    ranked.sort(key=lambda one: (-one[0], one[1]))
    return [
        text
        for _, _, phrase in ranked
        for text in ([phrase.full, phrase.short] if quality == "high" else [phrase.short])
        if is_compatible(text, here)
    ]


def is_compatible(text: str, here: PromptAnalysis) -> bool:
    """Whether it repeats no word of the prompt, contradicts none, and brings back none declined."""
    added = analyze(text)
    labels = here.labels | added.labels
    return (
        added.stems.isdisjoint(here.stems)
        and added.labels.isdisjoint(here.negated)
        and not any(pair <= labels and not pair <= here.labels for pair in CONFLICTS)
    )


@lru_cache
def table(category: str) -> tuple[Phrase, ...]:
    """A category's phrases."""
    return tuple(_lines(TABLES[category]))


def _lines(text: str) -> Iterator[Phrase]:
    for line in text.strip("\n").splitlines():
        fits, short, more = (part.strip() for part in line.split("|"))
        labels = [part for part in fits.split("+") if part]
        yield Phrase(
            needs=frozenset(label for label in labels if not label.startswith("!")),
            excludes=frozenset(label[1:] for label in labels if label.startswith("!")),
            short=short,
            full=f"{short} {more}".strip(),
        )


def _hash(prompt: str, phrase: str) -> bytes:
    """The same in every process, unlike Python's own hash."""
    text = f"{' '.join(prompt.casefold().split())}\n{phrase}"
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
