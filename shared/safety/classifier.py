"""Classify a text against the rules."""

import re
from typing import NamedTuple

from shared.contracts.text import normalize
from shared.safety.normalizer import join_spaced_letters, join_split_words, normalized_variants
from shared.safety.rules import RULES, NegativePromptRule, Rules

_ITEM_ENDS = re.compile(r"[,;.|\n()]+")
_BELOW_ZERO = re.compile(r":\s*[-\u2212]\s*[\d.]")
"""A negative weight, which turns words of a negative prompt into requested content."""


class Classification(NamedTuple):
    """Result of classifying a text."""

    category: str | None
    """The category under which it is refused in every mode; None if it is allowed."""
    contexts: frozenset[str]
    """Names of the contexts that the text mentions."""


def classify(text: str, rules: Rules = RULES) -> Classification:
    """Normalise a text and classify it against the rules."""
    variants = normalized_variants(text)
    matched = _matched_contexts(variants, rules)
    for rule, one_word in rules.run_together.items():
        if matched.issuperset(rule.contexts) or any(map(one_word.search, variants)):
            return Classification(rule.category, matched)
    return Classification(None, matched)


def refused_category(text: str, rules: Rules = RULES) -> str | None:
    """Return the category under which a text is refused in every mode; None if it is allowed."""
    return classify(text, rules).category


def contexts(text: str, rules: Rules = RULES) -> frozenset[str]:
    """Return the names of the contexts that a text mentions."""
    return classify(text, rules).contexts


def refused_in_conversation(
    before: frozenset[str], now: frozenset[str], rules: Rules = RULES
) -> str | None:
    """Return the category under which a message is refused in its conversation; None if allowed.

    Args:
        before: Contexts of the earlier messages.
        now: Contexts of the new message.
        rules: The rules to apply.
    """
    for rule in rules.together:
        named = set(rule.contexts)
        if rule.across and named & now and named <= before | now:
            return rule.category
    return None


def refused_by_negative_prompt(prompt: str, negative: str, rules: Rules = RULES) -> str | None:
    """Return the category under which a prompt is refused together with its negative prompt.

    None if it is allowed. A negative prompt alone is never refused, since it names what is not to
    be drawn.
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
        if rule.positive in prompt_contexts and _leaves_out(rule, items, negative, rules):
            return rule.category
    return None


def _leaves_out(rule: NegativePromptRule, items: list[str], negative: str, rules: Rules) -> bool:
    pattern = re.compile(rules.contexts[rule.negative].pattern)
    if not any(pattern.fullmatch(item) for item in items):
        return False
    return rule.unless is None or rule.unless not in contexts(negative, rules)


def _matched_contexts(variants: set[str], rules: Rules) -> frozenset[str]:
    """Return the contexts of all variants, since parts of a text may be disguised differently."""
    runs = [run for text in variants for run in join_spaced_letters(text)]
    lines = list(filter(rules.any_term_pattern.search, variants))
    joined = (join_split_words(text, rules.ordinary) for text in variants)
    pieces = list(filter(rules.any_term_pattern.search, joined))
    if not (lines or runs or pieces):
        return frozenset()
    return frozenset(
        name
        for name, context in rules.contexts.items()
        if any(map(context.word_pattern.search, lines))
        or any(map(context.substring_pattern.search, runs))
        or any(map(context.joined_pattern.search, pieces))
    )
