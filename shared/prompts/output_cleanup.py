"""Extract and truncate the prompt in a model's output."""

import re
from bisect import bisect_left
from typing import NamedTuple

from shared.contracts.jobs import MAX_PROMPT_CHARACTERS
from shared.contracts.text import normalize
from shared.prompts.rules.tokens import estimate_tokens

_THOUGHT_BEGINS, _THOUGHT_ENDS = "<think>", "</think>"
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "«": "»", "「": "」"}
_FULL_STOP = re.compile(r"[.!?…](?=\s|$)|[。！？]")  # noqa: RUF001 - other languages
_PHRASE_END = re.compile(r"[.!?…,;:](?=\s|$)|[。！？，、；]")  # noqa: RUF001 - other languages
_WORD_END = re.compile(r"\s")
_STAYS = ".!?…。！？"  # noqa: RUF001 - other languages
"""Punctuation that is kept at the end of a truncated text."""


class OutputFormat(NamedTuple):
    """Format of a template's examples and of the output."""

    source: str
    """Label of the input."""
    result: str
    """Label of the output."""
    is_one_line: bool
    is_prose: bool
    """Whether to truncate after a sentence instead of a phrase."""


def extract_prompt(answer: str, layout: OutputFormat) -> str:
    """Return the prompt in a model's output.

    Thoughts, label, introduction and quotation marks are removed.
    """
    text = normalize("NFC", _without_thoughts(answer)).strip()
    label = rf"\A[*_#\s]*(?:(?:enhanced|rewritten)\s)?{layout.result}[*_]*:[*_\s]*"
    text = re.sub(label, "", text, flags=re.IGNORECASE)
    text = text.split(f"\n{layout.source}:")[0].strip()
    return _unquoted(_one_line(text) if layout.is_one_line else text)


def truncate(text: str, limit: int, *, is_prose: bool, is_unfinished: bool = False) -> str:
    """Truncate a text to at most ``limit`` estimated CLIP tokens.

    Args:
        text: The text.
        limit: The maximum number of tokens.
        is_prose: Whether to truncate after a sentence, if possible, instead of a phrase.
        is_unfinished: Whether the text is cut off, so that its last phrase is removed.

    Returns:
        The beginning of the text; empty if even its first word is too long.
    """
    if len(text) > MAX_PROMPT_CHARACTERS:
        text, is_unfinished = text[:MAX_PROMPT_CHARACTERS], True
    if not is_unfinished and estimate_tokens(text) <= limit:
        return text
    ends = (_FULL_STOP, _PHRASE_END, _WORD_END) if is_prose else (_PHRASE_END, _WORD_END)
    for end in ends:
        parts = _beginnings(text, end)
        # Tokens grow with length, so a binary search needs to count few of the parts.
        at = bisect_left(parts, True, key=lambda part: estimate_tokens(part) <= limit)
        if at < len(parts):
            return parts[at]
    return ""


def _without_thoughts(text: str) -> str:
    """Remove each ``<think>...</think>`` from a text, except one without an end."""
    parts = []
    while (begin := text.find(_THOUGHT_BEGINS)) >= 0:
        end = text.find(_THOUGHT_ENDS, begin)
        if end < 0:
            break
        parts.append(text[:begin])
        text = text[end + len(_THOUGHT_ENDS) :]
    return "".join([*parts, text])


def _beginnings(text: str, end: re.Pattern[str]) -> list[str]:
    """Return the text up to each end, the longest first."""
    candidates = (
        text[: match.end() if match.group() in _STAYS else match.start()]
        for match in end.finditer(text)
    )
    return [part for candidate in candidates if (part := candidate.rstrip(" \t\r\n,;:"))][::-1]


def _one_line(text: str) -> str:
    """Return the first line after an introduction, with single spaces."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].rstrip().endswith(":"):
        lines = lines[1:]
    return " ".join(lines[0].split()) if lines else ""


def _unquoted(text: str) -> str:
    closing, inner = _QUOTES.get(text[:1]), text[1:-1]
    if closing and inner and text.endswith(closing) and closing not in inner:
        return inner.strip()
    return text
