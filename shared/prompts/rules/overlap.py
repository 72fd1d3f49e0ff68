"""Judging a free sentence about an enhancement by its words, where no model can be asked."""

import re

from shared.prompts.rules import words
from shared.prompts.rules.verdicts import CheckResult, named

MIN_OVERLAP = 0.6

_OF_THE_REQUEST = """
add added adds addition check contain contains describe described describes does ensure enhanced
enhancement have include included includes keep keeps kept make makes mention mentioned mentions
must need needs original output prompt result say says shall should show shown shows still test text
use used uses version will word words
"""
_ABOUT = frozenset(words.stem(word) for word in _OF_THE_REQUEST.split())
_NAME = re.compile(r"[\w-]+")


def is_sentence(test_case: str) -> bool:
    """Whether it is more than a name of a check."""
    return _NAME.fullmatch(test_case.strip()) is None


def score_by_overlap(sentence: str, enhanced: str) -> CheckResult:
    """How many of the sentence's words the prompt holds; what it declines must be missing."""
    said = [word for word in words.content(sentence) if word.stem not in _ABOUT]
    if not said:
        feedback = "Judged by word overlap alone, and the sentence holds no word to compare."
        return CheckResult(False, 0.0, feedback)
    there = {word.stem for word in words.content(enhanced) if not word.negated}
    wrong = [word.text for word in said if (word.stem in there) == word.negated]
    score = 1 - len(wrong) / len(said)
    feedback = (
        f"Judged by word overlap alone, not by a model: {len(said) - len(wrong)} of "
        f"{len(said)} of its words agree"
    )
    if wrong:
        feedback = f"{feedback}; not: {named(wrong)}"
    return CheckResult(score >= MIN_OVERLAP, score, f"{feedback}.")
