"""Checks that compare the words of a prompt and its enhancement."""

from collections import Counter
from itertools import pairwise

from shared.prompts.rules import words
from shared.prompts.rules.verdicts import CheckResult, counted, named

MIN_SUBJECT_KEPT = 0.8
"""An enhancement may replace one word in five."""

NEW_WORDS_FOR_FULL_SCORE = 6
MIN_NEW_WORDS = 3
MAX_USES = 2
"""Maximum uses of a word, unless the prompt itself uses it more often."""


def preserves_subject(original: str, enhanced: str, limit: int) -> CheckResult:
    """Check that the prompt's words are kept, and in their order."""
    del limit
    required = [word for word in words.content(original) if not word.negated]
    if not required:
        return CheckResult(True, 1.0, "The original prompt has no subject words.")
    present = words.stems(words.content(enhanced))
    missing = [word.text for word in required if word.stem not in present]
    kept = 1 - len(missing) / len(required)
    feedback = f"Words that are kept: {len(required) - len(missing)} of {len(required)}"
    if missing:
        return CheckResult(
            kept >= MIN_SUBJECT_KEPT, kept, f"{feedback}; missing: {named(missing)}."
        )
    if not _in_order(words.stems(required), present):
        return CheckResult(True, 0.9, f"{feedback}, in another order.")
    return CheckResult(True, 1.0, f"{feedback}, in their order.")


def adds_detail(original: str, enhanced: str, limit: int) -> CheckResult:
    """Check that the enhancement adds content words."""
    del limit
    known = set(words.stems(words.content(original)))
    new = [word for word in words.content(enhanced) if word.stem not in known]
    number = len(set(words.stems(new)))
    feedback = f"{counted(number, 'new word')}"
    if new:
        feedback = f"{feedback}: {named([word.text for word in new])}"
    score = min(1.0, number / NEW_WORDS_FOR_FULL_SCORE)
    return CheckResult(number >= MIN_NEW_WORDS, score, f"{feedback}.")


def no_repetition(original: str, enhanced: str, limit: int) -> CheckResult:
    """Check that no word or phrase is repeated, unless the prompt repeats it."""
    del limit
    allowed, used = _uses(original), _uses(enhanced)
    repeated = [
        " ".join(key)
        for key, number in used.items()
        if number > max(allowed[key], MAX_USES if len(key) == 1 else 1)
    ]
    if not repeated:
        return CheckResult(True, 1.0, "No word or phrase is repeated.")
    score = max(0.0, 1 - len(repeated) / len({key for key in used if len(key) == 1}))
    return CheckResult(False, min(score, 0.5), f"Repeated: {named(repeated)}.")


def no_negation_lost(original: str, enhanced: str, limit: int) -> CheckResult:
    """Check that everything the prompt negates is still negated."""
    del limit
    declined = [word for word in words.content(original) if word.negated]
    if not declined:
        return CheckResult(True, 1.0, "The original prompt excludes nothing.")
    enhanced_words = words.content(enhanced)
    still = {word.stem for word in enhanced_words if word.negated}
    stems = {word.stem for word in enhanced_words if not word.negated}
    turned = [word.text for word in declined if word.stem in stems - still]
    lost = [word.text for word in declined if word.stem not in still]
    if turned:
        return CheckResult(False, 0.0, f"Excluded by the prompt, but added: {named(turned)}.")
    if lost:
        score = 1 - len(lost) / len(declined)
        return CheckResult(False, score, f"Excluded by the prompt, but no longer: {named(lost)}.")
    return CheckResult(True, 1.0, f"Still excluded: {named([word.text for word in declined])}.")


def _in_order(required: list[str], present: list[str]) -> bool:
    remaining = iter(present)
    return all(stem in remaining for stem in required)


def _uses(text: str) -> Counter[tuple[str, ...]]:
    """Count the uses of each word and of each pair of adjacent words."""
    uses: Counter[tuple[str, ...]] = Counter()
    for clause in words.clauses(text):
        content = [word for word in clause if words.means_something(word.text)]
        uses.update((word.stem,) for word in content)
        uses.update(pairwise(words.stems(content)))
    return uses
