"""Whether a prompt is English, as far as its letters and small words tell."""

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
"""What can be said of any picture, whatever else a prompt says that cannot be read."""

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
"""Words of other languages as well, which seldom go without a letter of their own."""

_ENGLISH = words.FUNCTION_WORDS - {"a", "in", "an", "as", "her", "its", "on", "at", "up"}


def language(text: str) -> Language:
    """English, another language, or too little to tell by."""
    found = scripts(text)
    if not found or 1 - found["LATIN"] / found.total() > _MAX_FOREIGN_CHARACTERS:
        return "other"
    said = [word for clause in words.clauses(text) for word in clause]
    elsewhere = sum(word.text in _ELSEWHERE for word in said)
    here = sum(word.text in _ENGLISH or word.stem in _known() for word in said)
    here += text.isascii() and bool(said) and said[0].text in _ARTICLES
    if elsewhere and elsewhere >= here:
        return "other"
    return "english" if here else "unsure"


def scripts(text: str) -> Counter[str]:
    """How many letters of each script there are."""
    names = (unicodedata.name(one, "OTHER").split()[0] for one in text if one.isalpha())
    return Counter(_ONE_SCRIPT.get(name, name) for name in names)


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """Words that tell of English: those of the cues, without those that are added when unsure."""
    added = {word.stem for text in NEUTRAL.values() for word in words.content(text)}
    return prompt_analysis.vocabulary() - added - _ELSEWHERE
