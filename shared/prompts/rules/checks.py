"""Named checks of an enhancement."""

from collections.abc import Callable
from difflib import get_close_matches

from shared.prompts.rules import word_checks
from shared.prompts.rules.attributes import CLAIMS, MEDIA
from shared.prompts.rules.language import language, scripts
from shared.prompts.rules.prompt_analysis import analyze, style_words
from shared.prompts.rules.tokens import estimate_tokens
from shared.prompts.rules.verdicts import CheckResult, counted, named

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
        word_checks.preserves_subject,
        word_checks.adds_detail,
        word_checks.no_repetition,
        within_token_limit,
        no_contradiction,
        keeps_style_words,
        same_language,
        word_checks.no_negation_lost,
        is_single_line,
    )
}


def closest_check_name(name: str) -> str | None:
    """Return the name of the most similar check; None if none is similar."""
    plain = "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
    return next(iter(get_close_matches(plain, CHECKS, n=1, cutoff=_NEAR)), None)


def _spelled(labels: list[str]) -> list[str]:
    return [label.replace("_", " ") for label in labels]
