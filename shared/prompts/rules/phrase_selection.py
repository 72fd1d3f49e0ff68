"""Select phrases that fit a prompt."""

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
"""Extra weight of a medium: for a watercolour of a fox, the watercolour matters most."""


class Phrase(NamedTuple):
    """One line of a phrase table."""

    needs: Labels
    excludes: Labels
    short: str
    full: str

    def rank(self, labels: Labels) -> int | None:
        """Return how many labels it names, with a medium counted three times; None if unfit."""
        if not self.needs <= labels or self.excludes & labels:
            return None
        return len(self.needs) + _MEDIUM_COUNTS_MORE * len(self.needs & MEDIA.keys())


def select_phrases(
    category: str, prompt: str, so_far: str, media: MediaType, quality: Quality
) -> list[str]:
    """Return the phrases of a category that fit, the best first.

    Args:
        category: A category of ``categories.ORDER``.
        prompt: The original prompt; its hash decides between phrases of equal rank.
        so_far: The prompt with the phrases added so far.
        media: The kind of output.
        quality: For ``high``, the long forms of the phrases come first.
    """
    analysis = analyze(so_far)
    if category in analysis.categories or any(
        category in NEEDLESS.get(label, ()) for label in analysis.labels
    ):
        return []
    ranked = [
        (rank, _hash(prompt, phrase.short), phrase)
        for phrase in table(category)
        if (rank := phrase.rank(analysis.labels | {media})) is not None
    ]
    ranked.sort(key=lambda entry: (-entry[0], entry[1]))
    return [
        text
        for _, _, phrase in ranked
        for text in ([phrase.full, phrase.short] if quality == "high" else [phrase.short])
        if is_compatible(text, analysis)
    ]


def is_compatible(text: str, analysis: PromptAnalysis) -> bool:
    """Return whether a phrase repeats, contradicts or brings back nothing of the prompt."""
    added = analyze(text)
    labels = analysis.labels | added.labels
    return (
        added.stems.isdisjoint(analysis.stems)
        and added.labels.isdisjoint(analysis.negated)
        and not any(pair <= labels and not pair <= analysis.labels for pair in CONFLICTS)
    )


@lru_cache
def table(category: str) -> tuple[Phrase, ...]:
    """Return the phrases of a category."""
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
    """Return a hash that is the same in every process, unlike ``hash``."""
    text = f"{' '.join(prompt.casefold().split())}\n{phrase}"
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
