"""Heuristic English detection, by the scripts and function words of a prompt."""

import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Literal

from shared.prompts.rules import prompt_analysis, words

Language = Literal["english", "unsure", "other"]

NEUTRAL = {
    "light": "considered light",
    "composition": "balanced composition",
    "detail": "fine detail",
}
"""Phrases that fit any image, for prompts whose language is unsure."""

_MAX_FOREIGN_CHARACTERS = 0.25
_ONE_SCRIPT = {"HIRAGANA": "CJK", "KATAKANA": "CJK"}
_SMALL_WORDS_ELSEWHERE = """
der das und mit ein eine einen einem einer im auf vor unter ist nicht für von zu den dem am bei über
aus le la les un une des et avec dans sur du au aux est qui sous chez el los las una con por para en
del sobre bajo muy il lo gli di della nel sul che sotto al os uma com na da ao het een op met van
voor z jest nad och ett med på av ve bir dan yang dengan egy és de
"""
_ELSEWHERE = frozenset(_SMALL_WORDS_ELSEWHERE.split())
_ARTICLES = {"a", "an"}
"""Words of other languages too, but prompts in those usually have non-ASCII characters."""

_ENGLISH = words.FUNCTION_WORDS - {"a", "in", "an", "as", "her", "its", "on", "at", "up"}


def language(text: str) -> Language:
    """Return whether a text is English, in another language, or too short to decide."""
    counts = scripts(text)
    if not counts or 1 - counts["LATIN"] / counts.total() > _MAX_FOREIGN_CHARACTERS:
        return "other"
    all_words = [word for clause in words.clauses(text) for word in clause]
    foreign = sum(word.text in _ELSEWHERE for word in all_words)
    english = sum(word.text in _ENGLISH or word.stem in _known() for word in all_words)
    english += text.isascii() and bool(all_words) and all_words[0].text in _ARTICLES
    if foreign and foreign >= english:
        return "other"
    return "english" if english else "unsure"


def scripts(text: str) -> Counter[str]:
    """Count the alphabetic characters of a text by script."""
    names = (
        unicodedata.name(character, "OTHER").split()[0] for character in text if character.isalpha()
    )
    return Counter(_ONE_SCRIPT.get(name, name) for name in names)


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """Return English stems: those of the cues, without those of ``NEUTRAL``."""
    added = {word.stem for text in NEUTRAL.values() for word in words.content(text)}
    return prompt_analysis.vocabulary() - added - _ELSEWHERE
