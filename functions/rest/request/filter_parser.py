"""Parses filters: ``eq.5``, ``not.in.(a,b)``, ``(a.eq.1,or(b.is.null,c.lt.2))``."""

import re
from typing import Literal

from functions.rest.request import select_parser
from functions.rest.request.ast import Condition, Field, FilterNode, Group
from functions.rest.request.scanner import Scanner

QUANTIFIED = {"eq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch"}
SIMPLE = {"neq", "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj", "isdistinct"}
SEARCHES = {"fts", "plfts", "phfts", "wfts"}
KINDS = {"null", "not_null", "true", "false", "unknown"}
"""Values of the operator ``is``."""

_HEAD = re.compile(r"(not\.)?([a-z]+)(?:\(([\w $]+)\))?\.")
_JOINT = re.compile(r"(not\.)?(and|or)[ \t]*(?=\()")
_PLAIN = re.compile(r"[^,)]*")
_ARRAY = re.compile(r"\{[^{}]*\}")
_EXPECTED = '"not" or operator (eq, gt, ...)'


def has_operator(text: str) -> bool:
    """Whether a text begins with an operator; this distinguishes filters from rpc arguments."""
    match = _HEAD.match(text)
    return bool(match and _is_known(match[2], match[3]))


def condition(field: Field, text: str) -> Condition:
    """Parse the filter of a parameter ``column=...``. Raises RestError (PGRST100)."""
    scanner = Scanner("filter", text)
    parsed = _condition(scanner, field, alone=True)
    scanner.end()
    return parsed


def group(joint: str, text: str) -> Group:
    """Parse a group of filters. Raises RestError (PGRST100).

    Args:
        joint: ``and``, ``or``, ``not.and`` or ``not.or``.
        text: the filters in parentheses.
    """
    scanner = Scanner("logic tree", f"{joint}{text}")
    parsed = _where(scanner)
    scanner.end()
    if not isinstance(parsed, Group):
        scanner.fail("logic operator (and, or)")
    return parsed


def _where(scanner: Scanner) -> FilterNode:
    scanner.spaces()
    joint = scanner.match(_JOINT)
    if not joint:
        field = select_parser.field(scanner)
        scanner.expect(".")
        return _condition(scanner, field, alone=False)
    scanner.enter()
    parts = [_where(scanner)]
    while scanner.take(","):
        parts.append(_where(scanner))
    scanner.leave()
    scanner.spaces()
    word: Literal["and", "or"] = "and" if joint[2] == "and" else "or"
    return Group(word, tuple(parts), bool(joint[1]))


def _condition(scanner: Scanner, field: Field, *, alone: bool) -> Condition:
    begin = scanner.at
    head = scanner.match(_HEAD)
    if not head or not _is_known(head[2], head[3]):
        scanner.at = begin
        scanner.fail(_EXPECTED)
    operator = head[2]
    value: str | tuple[str, ...]
    if operator == "in":
        value = _list(scanner)
    elif operator == "is":
        value = _kind(scanner)
    elif alone:
        value, scanner.at = scanner.text[scanner.at :], len(scanner.text)
    else:
        value = _value(scanner)
    return Condition(field, operator, value, bool(head[1]), head[3])


def _is_known(operator: str, extra: str | None) -> bool:
    if operator in SEARCHES:
        return True
    if extra is not None:
        return operator in QUANTIFIED and extra in {"any", "all"}
    return operator in QUANTIFIED | SIMPLE | {"in", "is"}


def _list(scanner: Scanner) -> tuple[str, ...]:
    scanner.spaces()
    scanner.enter()
    elements = [_element(scanner)]
    while scanner.take(","):
        elements.append(_element(scanner))
    scanner.leave()
    scanner.spaces()
    return () if elements == [""] else tuple(elements)


def _kind(scanner: Scanner) -> str:
    begin, kind = scanner.at, _plain(scanner).lower()
    if kind not in KINDS:
        scanner.at = begin
        scanner.fail("isVal: (null, not_null, true, false, unknown)")
    return kind


def _value(scanner: Scanner) -> str:
    array = scanner.match(_ARRAY)
    return array[0] if array else _element(scanner)


def _element(scanner: Scanner) -> str:
    """Parse one value of a list. Quotes that do not enclose it completely are part of it."""
    begin = scanner.at
    quoted = scanner.quoted()
    if quoted is not None and (scanner.is_done or scanner.sees(",") or scanner.sees(")")):
        return quoted
    scanner.at = begin
    return _plain(scanner)


def _plain(scanner: Scanner) -> str:
    match = scanner.match(_PLAIN)
    return match[0] if match else ""
