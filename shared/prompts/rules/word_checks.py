"""Checks that compare the words of a prompt with those of its enhancement."""

from collections import Counter
from itertools import pairwise

from shared.prompts.rules import words
from shared.prompts.rules.verdicts import CheckResult, counted, named

MIN_SUBJECT_KEPT = 0.8
"""An enhancement may put one word of five otherwise."""

NEW_WORDS_FOR_FULL_SCORE = 6
MIN_NEW_WORDS = 3
MAX_USES = 2
"""Of one word, unless the prompt itself used it more often."""


def preserves_subject(original: str, enhanced: str, limit: int) -> CheckResult:
    """Whether the prompt's words are still there, and in their order."""
    del limit
    wanted = [word for word in words.content(original) if not word.negated]
    if not wanted:
        return CheckResult(True, 1.0, "The original prompt names no subject to keep.")
    there = words.stems(words.content(enhanced))
    missing = [word.text for word in wanted if word.stem not in there]
    kept = 1 - len(missing) / len(wanted)
    feedback = f"Words that are kept: {len(wanted) - len(missing)} of {len(wanted)}"
    if missing:
        return CheckResult(
            kept >= MIN_SUBJECT_KEPT, kept, f"{feedback}; missing: {named(missing)}."
        )
    if not _in_order(words.stems(wanted), there):
        return CheckResult(True, 0.9, f"{feedback}, in another order.")
    return CheckResult(True, 1.0, f"{feedback}, in their order.")


def adds_detail(original: str, enhanced: str, limit: int) -> CheckResult:
    """Whether there are new words that mean something."""
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
    """Whether no word is worn out, and no phrase said twice, that the prompt did not repeat."""
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
    """Whether what the prompt declines is declined still."""
    del limit
    declined = [word for word in words.content(original) if word.negated]
    if not declined:
        return CheckResult(True, 1.0, "The original prompt declines nothing.")
    there = words.content(enhanced)
    still = {word.stem for word in there if word.negated}
    stems = {word.stem for word in there if not word.negated}
    turned = [word.text for word in declined if word.stem in stems - still]
    lost = [word.text for word in declined if word.stem not in still]
    if turned:
        return CheckResult(False, 0.0, f"Declined before, and asked for now: {named(turned)}.")
    if lost:
        score = 1 - len(lost) / len(declined)
        return CheckResult(False, score, f"Declined before, and no longer: {named(lost)}.")
    return CheckResult(True, 1.0, f"Still declined: {named([word.text for word in declined])}.")


def _in_order(wanted: list[str], there: list[str]) -> bool:
    remaining = iter(there)
    return all(one in remaining for one in wanted)


def _uses(text: str) -> Counter[tuple[str, ...]]:
    """How often each word, and each two in a row, are used."""
    uses: Counter[tuple[str, ...]] = Counter()
    for clause in words.clauses(text):
        said = [word for word in clause if words.means_something(word.text)]
        uses.update((word.stem,) for word in said)
        uses.update(pairwise(words.stems(said)))
    return uses
