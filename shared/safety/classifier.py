"""What a text speaks of, and whether the rules refuse it."""

import re
from typing import NamedTuple

from shared.contracts.text import normalize
from shared.safety.normalizer import join_spaced_letters, join_split_words, normalized_variants
from shared.safety.rules import RULES, NegativePromptRule, Rules

_ITEM_ENDS = re.compile(r"[,;.|\n()]+")
_BELOW_ZERO = re.compile(r":\s*[-\u2212]\s*[\d.]")
"""A weight that turns a negative prompt's words into what is asked for."""


class Classification(NamedTuple):
    """What the rules say of a text."""

    category: str | None
    """Under which it is refused in every mode; None where it is not."""
    contexts: frozenset[str]
    """What it speaks of, by the contexts' names."""


def classify(text: str, rules: Rules = RULES) -> Classification:
    """Read a text, and hold it against the rules."""
    read = normalized_variants(text)
    spoken = _matched_contexts(read, rules)
    for rule, one_word in rules.run_together.items():
        if spoken.issuperset(rule.contexts) or any(one_word.search(text) for text in read):
            return Classification(rule.category, spoken)
    return Classification(None, spoken)


def refused_category(text: str, rules: Rules = RULES) -> str | None:
    """The category under which a text is refused in every mode; None where it is not."""
    return classify(text, rules).category


def contexts(text: str, rules: Rules = RULES) -> frozenset[str]:
    """What a text speaks of, by the contexts' names."""
    return classify(text, rules).contexts


def refused_in_conversation(
    before: frozenset[str], now: frozenset[str], rules: Rules = RULES
) -> str | None:
    """The category under which something said now is refused, after what was said before."""
    for rule in rules.together:
        named = set(rule.contexts)
        if rule.across and named & now and named <= before | now:
            return rule.category
    return None


def refused_by_negative_prompt(prompt: str, negative: str, rules: Rules = RULES) -> str | None:
    """The category under which a prompt is refused for what its negative prompt leaves out.

    A negative prompt by itself is not refused: it names what is not to be drawn.
    """
    if not negative:
        return None
    prompt_contexts = contexts(prompt, rules)
    if _BELOW_ZERO.search(normalize("NFKC", negative)):
        classification = classify(negative, rules)
        if category := classification.category or refused_in_conversation(
            prompt_contexts, classification.contexts, rules
        ):
            return category
    items = [
        reading for part in _ITEM_ENDS.split(negative) for reading in normalized_variants(part)
    ]
    items += [run for item in items for run in join_spaced_letters(item)]
    for rule in rules.left_out:
        if rule.asked in prompt_contexts and _leaves_out(rule, items, negative, rules):
            return rule.category
    return None


def _leaves_out(rule: NegativePromptRule, items: list[str], negative: str, rules: Rules) -> bool:
    pattern = re.compile(rules.contexts[rule.negative].pattern)
    if not any(pattern.fullmatch(item) for item in items):
        return False
    return rule.unless is None or rule.unless not in contexts(negative, rules)


def _matched_contexts(read: set[str], rules: Rules) -> frozenset[str]:
    """What any reading speaks of: each half of a text may be disguised in its own way."""
    runs = [run for text in read for run in join_spaced_letters(text)]
    lines = list(filter(rules.any_term_pattern.search, read))
    pieces = list(
        filter(
            rules.any_term_pattern.search, (join_split_words(text, rules.ordinary) for text in read)
        )
    )
    if not (lines or runs or pieces):
        return frozenset()
    return frozenset(
        name
        for name, context in rules.contexts.items()
        if any(map(context.word_pattern.search, lines))
        or any(map(context.substring_pattern.search, runs))
        or any(map(context.joined_pattern.search, pieces))
    )
