"""Checks of an enhancement: by name, and by the words of a criterion."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import NamedTuple

from shared.prompts.rules import words
from shared.prompts.rules.language import language, scripts
from shared.prompts.rules.prompt_analysis import analyze, style_words
from shared.prompts.rules.tokens import estimate_tokens
from shared.prompts.rules.vocabulary import CLAIMS, MEDIA

_MAX_NAMED = 5


class CheckResult(NamedTuple):
    """Result of a check."""

    passed: bool
    score: float
    """From 0 to 1."""
    feedback: str
    """An explanation for a person, with the evidence."""


def named(words: Sequence[str]) -> str:
    """Quote up to five of the words, and count the rest."""
    distinct = list(dict.fromkeys(words))
    more = len(distinct) - _MAX_NAMED
    text = ", ".join(f'"{word}"' for word in distinct[:_MAX_NAMED])
    return f"{text} and {more} more" if more > 0 else text


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return a number with its noun in singular or plural."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


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


Check = Callable[[str, str, int], CheckResult]
"""A check of the original prompt, the enhanced prompt and its token limit."""

MIN_SAME_SCRIPT = 0.75
_NEAR = 0.5


def within_token_limit(original: str, enhanced: str, limit: int) -> CheckResult:
    """Check that the estimated tokens of the enhanced prompt are within the limit."""
    del original
    tokens = estimate_tokens(enhanced)
    feedback = f"About {tokens} of {limit} CLIP tokens, by an estimate from the words' lengths."
    fits = tokens <= limit
    return CheckResult(fits, 1.0 if fits else limit / tokens, feedback)


def no_contradiction(original: str, enhanced: str, limit: int) -> CheckResult:
    """Check that the enhancement adds no contradiction and nothing that the prompt declines."""
    del limit
    analysis = analyze(enhanced)
    pairs = sorted(sorted(pair) for pair in analysis.conflicts() - analyze(original).conflicts())
    declined = analyze(original).negated & (CLAIMS.keys() | MEDIA.keys())
    brought_back = sorted(analysis.labels & declined)
    if brought_back:
        return CheckResult(
            False, 0.0, f"The original prompt excludes {named(_spelled(brought_back))}."
        )
    if pairs:
        attributes = ", ".join(" with ".join(_spelled(pair)) for pair in pairs)
        return CheckResult(
            False,
            0.5 ** len(pairs),
            f"It combines attributes that exclude each other: {attributes}.",
        )
    return CheckResult(True, 1.0, "No two of its claims exclude each other.")


def keeps_style_words(original: str, enhanced: str, limit: int) -> CheckResult:
    """Check that the prompt's medium and style words are kept, and no other medium is added."""
    del limit
    required, kept = style_words(original), style_words(enhanced)
    if not required:
        return CheckResult(True, 1.0, "The original prompt names no style.")
    lost = [text for beginning, text in required.items() if beginning not in kept]
    media = analyze(original).labels & MEDIA.keys()
    other = sorted((analyze(enhanced).labels & MEDIA.keys()) - media)
    score = 1 - len(lost) / len(required)
    if lost:
        return CheckResult(False, score, f"Missing style words: {named(lost)}.")
    if media and other:
        return CheckResult(
            False, 0.5, f"Style words are kept, but another medium is added: {named(other)}."
        )
    return CheckResult(True, 1.0, f"Kept: {named([*required.values()])}.")


def same_language(original: str, enhanced: str, limit: int) -> CheckResult:
    """Check that the script is kept, and that it does not change to or from English."""
    del limit
    before, after = scripts(original), scripts(enhanced)
    if not before or not after:
        return CheckResult(True, 1.0, "The text is too short to detect its language.")
    ((script, _),) = before.most_common(1)
    share = after[script] / after.total()
    if share < MIN_SAME_SCRIPT:
        name = script.capitalize() if script != "CJK" else script
        return CheckResult(
            False,
            share,
            f"Only {share:.0%} of its characters are in the original's script ({name}).",
        )
    if {language(original), language(enhanced)} == {"english", "other"}:
        direction = "from English" if language(original) == "english" else "to English"
        return CheckResult(False, 0.0, f"The language changed {direction}.")
    return CheckResult(True, 1.0, "The script and the language are unchanged.")


def is_single_line(original: str, enhanced: str, limit: int) -> CheckResult:
    """Check that the enhanced prompt is a single line, as the models expect."""
    del original, limit
    lines = [line for line in enhanced.splitlines() if line.strip()]
    feedback = f"It has {counted(len(lines), 'line')}."
    return CheckResult(len(lines) == 1, 1 / len(lines) if lines else 0.0, feedback)


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        preserves_subject,
        adds_detail,
        no_repetition,
        within_token_limit,
        no_contradiction,
        keeps_style_words,
        same_language,
        no_negation_lost,
        is_single_line,
    )
}


def closest_check_name(name: str) -> str | None:
    """Return the name of the most similar check; None if none is similar."""
    plain = "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
    return next(iter(get_close_matches(plain, CHECKS, n=1, cutoff=_NEAR)), None)


def _spelled(labels: list[str]) -> list[str]:
    return [label.replace("_", " ") for label in labels]


MIN_OVERLAP = 0.6

_OF_THE_REQUEST = """
add added adds addition check contain contains describe described describes does ensure enhanced
enhancement have include included includes keep keeps kept make makes mention mentioned mentions
must need needs original output prompt result say says shall should show shown shows still test text
use used uses version will word words
"""
_ABOUT = frozenset(words.stem(word) for word in _OF_THE_REQUEST.split())
_NAME = re.compile(r"[\w-]+")


def is_criterion(test_case: str) -> bool:
    """Return whether a test case is a criterion in words and not the name of a check."""
    return _NAME.fullmatch(test_case.strip()) is None


def score_by_overlap(criterion: str, enhanced: str) -> CheckResult:
    """Score the share of the criterion's words in the prompt; negated words must be missing."""
    criteria = [word for word in words.content(criterion) if word.stem not in _ABOUT]
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
