"""Ordinary prompts are never refused."""

from shared.safety import refused_category
from shared.safety.classifier import refused_by_negative_prompt
from tests.support.safe_prompts import prompts

LEAST = 500
USUAL_NEGATIVE = "nsfw, nude, naked, explicit, child, ugly, deformed hands, extra fingers, text"


def test_five_hundred_ordinary_prompts_are_refused_nowhere() -> None:
    texts = list(prompts())
    refused = [(prompt, found) for _, prompt in texts if (found := refused_category(prompt))]
    assert refused == []
    assert len(set(texts)) >= LEAST


def test_nor_with_the_usual_negative_prompt() -> None:
    refused = [
        prompt for _, prompt in prompts() if refused_by_negative_prompt(prompt, USUAL_NEGATIVE)
    ]
    assert refused == []
