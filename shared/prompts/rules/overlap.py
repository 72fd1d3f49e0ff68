"""Score a free-text criterion by word overlap, if no model is available."""

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
    """Return whether a test case is a sentence and not the name of a check."""
    return _NAME.fullmatch(test_case.strip()) is None


def score_by_overlap(sentence: str, enhanced: str) -> CheckResult:
    """Score the share of the sentence's words in the prompt; negated words must be missing."""
    criteria = [word for word in words.content(sentence) if word.stem not in _ABOUT]
    if not criteria:
        feedback = "Scored by word overlap only; the criterion has no words to compare."
        return CheckResult(False, 0.0, feedback)
    present = {word.stem for word in words.content(enhanced) if not word.negated}
    wrong = [word.text for word in criteria if (word.stem in present) == word.negated]
    score = 1 - len(wrong) / len(criteria)
    feedback = (
        f"Scored by word overlap, not by a model: {len(criteria) - len(wrong)} of "
        f"{len(criteria)} of its words agree"
    )
    if wrong:
        feedback = f"{feedback}; not: {named(wrong)}"
    return CheckResult(score >= MIN_OVERLAP, score, f"{feedback}.")
