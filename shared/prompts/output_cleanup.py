"""A model's answer, made a prompt: without what was said around it, and cut where a phrase ends."""

import re
from bisect import bisect_left
from typing import NamedTuple

from shared.contracts.jobs import MAX_PROMPT_CHARACTERS
from shared.contracts.text import normalize
from shared.prompts.rules.tokens import estimate_tokens

_THOUGHT_BEGINS, _THOUGHT_ENDS = "<think>", "</think>"
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "«": "»", "「": "」"}
_SENTENCE_END = re.compile(r"[.!?…](?=\s|$)|[。！？]")  # noqa: RUF001 - other languages' own
_PHRASE_END = re.compile(r"[.!?…,;:](?=\s|$)|[。！？，、；]")  # noqa: RUF001 - the same
_WORD_END = re.compile(r"\s")
_STAYS = ".!?…。！？"  # noqa: RUF001 - the same
"""What belongs to the phrase that it ends."""


class OutputFormat(NamedTuple):
    """How a template's examples look, and what is written after them."""

    source: str
    """Stands before what is to be rewritten."""
    result: str
    """Stands before what comes of it."""
    is_one_line: bool
    is_prose: bool
    """It is cut after a sentence, not after a phrase."""


def extract_prompt(answer: str, layout: OutputFormat) -> str:
    """The prompt in an answer: no thoughts, label, introduction or quotation marks around it."""
    text = normalize("NFC", _without_thoughts(answer)).strip()
    label = rf"\A[*_#\s]*(?:(?:enhanced|rewritten)\s)?{layout.result}[*_]*:[*_\s]*"
    text = re.sub(label, "", text, flags=re.IGNORECASE)
    text = text.split(f"\n{layout.source}:")[0].strip()
    return _unquoted(_one_line(text) if layout.is_one_line else text)


def truncate(text: str, limit: int, *, is_prose: bool, is_unfinished: bool = False) -> str:
    """As much of the text's beginning as has ``limit`` tokens at most, by an estimate.

    Empty where not even its first word has. Of an unfinished text the last phrase is left out.
    """
    if len(text) > MAX_PROMPT_CHARACTERS:
        text, is_unfinished = text[:MAX_PROMPT_CHARACTERS], True
    if not is_unfinished and estimate_tokens(text) <= limit:
        return text
    ends = (_SENTENCE_END, _PHRASE_END, _WORD_END) if is_prose else (_PHRASE_END, _WORD_END)
    for end in ends:
        parts = _beginnings(text, end)
        # A longer beginning never has fewer tokens, so that few of them have to be counted.
        at = bisect_left(parts, True, key=lambda part: estimate_tokens(part) <= limit)
        if at < len(parts):
            return parts[at]
    return ""


def _without_thoughts(text: str) -> str:
    """The text without each ``<think>...</think>``; one that does not end stays."""
    parts = []
    while (begin := text.find(_THOUGHT_BEGINS)) >= 0:
        end = text.find(_THOUGHT_ENDS, begin)
        if end < 0:
            break
        parts.append(text[:begin])
        text = text[end + len(_THOUGHT_ENDS) :]
    return "".join([*parts, text])


def _beginnings(text: str, end: re.Pattern[str]) -> list[str]:
    """The text up to each end, the longest first."""
    found = (
        text[: match.end() if match.group() in _STAYS else match.start()]
        for match in end.finditer(text)
    )
    return [part for one in found if (part := one.rstrip(" \t\r\n,;:"))][::-1]


def _one_line(text: str) -> str:
    """The first line that is no introduction."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].rstrip().endswith(":"):
        lines = lines[1:]
    return " ".join(lines[0].split()) if lines else ""


def _unquoted(text: str) -> str:
    closing, inner = _QUOTES.get(text[:1]), text[1:-1]
    if closing and inner and text.endswith(closing) and closing not in inner:
        return inner.strip()
    return text
