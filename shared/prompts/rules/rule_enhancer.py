"""Add missing details to a prompt by rules.

The prompt's words stay unchanged, and phrases that fit are appended. The same prompt always gets
the same phrases, and an enhanced prompt gets none.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shared.contracts.job_catalog import MediaType, Quality
from shared.prompts.rules.language import NEUTRAL, Language, language
from shared.prompts.rules.phrases import is_compatible, select_phrases
from shared.prompts.rules.prompt_analysis import analyze
from shared.prompts.rules.tokens import estimate_tokens
from shared.prompts.rules.vocabulary import ORDER

RULES = "rules"

_FULL_STOPS = (".", "!", "?", "…")


class RuleEnhancement(NamedTuple):
    """An enhanced prompt, and what was added."""

    text: str
    added: list[str]
    """The categories that were added, in order."""
    model_used: str = RULES


def enhance(
    prompt: str, *, media: MediaType, quality: Quality, token_limit: int
) -> RuleEnhancement:
    """Add phrases of missing categories, within the limit by ``estimate_tokens``.

    A prompt that is too long already, or not in English, stays unchanged. If the language is
    unsure, only phrases that fit any image are added.

    Args:
        prompt: The prompt.
        media: The kind of output.
        quality: For ``high``, longer phrases are preferred.
        token_limit: Maximum estimated CLIP tokens of the result.
    """
    detected = language(prompt)
    if detected == "other" or estimate_tokens(prompt) > token_limit:
        return RuleEnhancement(prompt, [])
    added: dict[str, str] = {}
    while more := _next_addition(prompt, added, detected, media, quality, token_limit):
        added |= more
    return RuleEnhancement(_joined(prompt, [*added.values()]), [*added])


def _next_addition(
    prompt: str,
    added: dict[str, str],
    detected: Language,
    media: MediaType,
    quality: Quality,
    token_limit: int,
) -> dict[str, str]:
    """Return the next category that a phrase can be added of, and the phrase; else empty."""
    so_far = _joined(prompt, [*added.values()])
    for category in (name for name in ORDER[media] if name not in added):
        if detected == "unsure":
            texts = _neutral(category, so_far)
        else:
            texts = select_phrases(category, prompt, so_far, media, quality)
        for text in texts:
            if estimate_tokens(_joined(prompt, [*added.values(), text])) <= token_limit:
                return {category: text}
    return {}


def _neutral(category: str, so_far: str) -> list[str]:
    analysis, text = analyze(so_far), NEUTRAL.get(category)
    if text is None or category in analysis.categories or not is_compatible(text, analysis):
        return []
    return [text]


def _joined(prompt: str, added: Sequence[str]) -> str:
    """Append phrases after a comma or, after a full stop, as a sentence."""
    if not added:
        return prompt
    base = prompt.rstrip(" \t\r\n,;")
    text = ", ".join(added)
    if base.endswith(_FULL_STOPS):
        return f"{base} {text[0].upper()}{text[1:]}."
    return f"{base}, {text}"
