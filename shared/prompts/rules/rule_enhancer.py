"""Enhancement by rules: what a prompt leaves open is said, in phrases that fit and clash nowhere.

The prompt's own words stay as they are; phrases follow them. The same prompt always gets the same
phrases, and an enhanced prompt gets none.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shared.contracts.job_catalog import MediaType, Quality
from shared.prompts.rules.categories import ORDER
from shared.prompts.rules.language import NEUTRAL, Language, language
from shared.prompts.rules.phrase_selection import is_compatible, select_phrases
from shared.prompts.rules.prompt_analysis import analyze
from shared.prompts.rules.tokens import estimate_tokens

RULES = "rules"

_END_OF_SENTENCE = (".", "!", "?", "…")


class RuleEnhancement(NamedTuple):
    """A prompt, and what was done to it."""

    text: str
    added: list[str]
    """The categories that it had left open, in the order in which they were added."""
    model_used: str = RULES


def enhance(
    prompt: str, *, media: MediaType, quality: Quality, token_limit: int
) -> RuleEnhancement:
    """Say what the prompt leaves open, within the limit by ``estimate_tokens``.

    A prompt that is too long already, or in another language than English, stays as it is; where
    the language cannot be told, only what can be said of any picture is added.
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
    """The next category that something can be added in, and what."""
    so_far = _joined(prompt, [*added.values()])
    for category in (one for one in ORDER[media] if one not in added):
        if detected == "unsure":
            texts = _neutral(category, so_far)
        else:
            texts = select_phrases(category, prompt, so_far, media, quality)
        for text in texts:
            if estimate_tokens(_joined(prompt, [*added.values(), text])) <= token_limit:
                return {category: text}
    return {}


def _neutral(category: str, so_far: str) -> list[str]:
    here, text = analyze(so_far), NEUTRAL.get(category)
    if text is None or category in here.categories or not is_compatible(text, here):
        return []
    return [text]


def _joined(prompt: str, added: Sequence[str]) -> str:
    """Phrases after a comma; after a full stop, a sentence of them."""
    if not added:
        return prompt
    base = prompt.rstrip(" \t\r\n,;")
    text = ", ".join(added)
    if base.endswith(_END_OF_SENTENCE):
        return f"{base} {text[0].upper()}{text[1:]}."
    return f"{base}, {text}"
