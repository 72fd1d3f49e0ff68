"""What a text speaks of, and whether the rules refuse it."""

import re
from typing import NamedTuple

from shared.contracts.text import normalize
from shared.safety.normalizer import joined, pieced, readings
from shared.safety.rules import RULES, LeftOut, Rules

_ITEM_ENDS = re.compile(r"[,;.|\n()]+")
_BELOW_ZERO = re.compile(r":\s*[-\u2212]\s*[\d.]")
"""A weight that turns a negative prompt's words into what is asked for."""


class Judgement(NamedTuple):
    """What the rules say of a text."""

    category: str | None
    """Under which it is refused in every mode; None where it is not."""
    contexts: frozenset[str]
    """What it speaks of, by the contexts' names."""


def judge(text: str, rules: Rules = RULES) -> Judgement:
    """Read a text, and hold it against the rules."""
    read = readings(text)
    spoken = _spoken_of(read, rules)
    for rule, one_word in rules.run_together.items():
        if spoken.issuperset(rule.contexts) or any(one_word.search(text) for text in read):
            return Judgement(rule.category, spoken)
    return Judgement(None, spoken)


def refused_category(text: str, rules: Rules = RULES) -> str | None:
    """The category under which a text is refused in every mode; None where it is not."""
    return judge(text, rules).category


def contexts(text: str, rules: Rules = RULES) -> frozenset[str]:
    """What a text speaks of, by the contexts' names."""
    return judge(text, rules).contexts


def refused_across(before: frozenset[str], now: frozenset[str], rules: Rules = RULES) -> str | None:
    """The category under which something said now is refused, after what was said before."""
    for rule in rules.together:
        named = set(rule.contexts)
        if rule.across and named & now and named <= before | now:
            return rule.category
    return None


def refused_without(prompt: str, negative: str, rules: Rules = RULES) -> str | None:
    """The category under which a prompt is refused for what its negative prompt leaves out.

    A negative prompt by itself is not refused: it names what is not to be drawn.
    """
    if not negative:
        return None
    asked = contexts(prompt, rules)
    if _BELOW_ZERO.search(normalize("NFKC", negative)):
        said = judge(negative, rules)
        if category := said.category or refused_across(asked, said.contexts, rules):
            return category
    items = [reading for one in _ITEM_ENDS.split(negative) for reading in readings(one)]
    items += [run for item in items for run in joined(item)]
    for rule in rules.left_out:
        if rule.asked in asked and _leaves_out(rule, items, negative, rules):
            return rule.category
    return None


def _leaves_out(rule: LeftOut, items: list[str], negative: str, rules: Rules) -> bool:
    pattern = re.compile(rules.contexts[rule.negative].pattern)
    if not any(pattern.fullmatch(item) for item in items):
        return False
    return rule.unless is None or rule.unless not in contexts(negative, rules)


def _spoken_of(read: set[str], rules: Rules) -> frozenset[str]:
    """What any reading speaks of: each half of a text may be disguised in its own way."""
    runs = [run for text in read for run in joined(text)]
    lines = list(filter(rules.spoken.search, read))
    pieces = list(filter(rules.spoken.search, (pieced(text, rules.ordinary) for text in read)))
    if not (lines or runs or pieces):
        return frozenset()
    return frozenset(
        name
        for name, context in rules.contexts.items()
        if any(map(context.whole.search, lines))
        or any(map(context.anywhere.search, runs))
        or any(map(context.pieced.search, pieces))
    )
