"""Parse and evaluate postgres_changes filters."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from shared.errors import InvalidRequestError

MAX_VALUES = 100
"""In the list of ``in``; the limit of Supabase."""

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_KNOWN = ", ".join([*_OPERATORS, "in"])
# Possessive quantifiers (`*+`, `++`) prevent backtracking, which could never match here anyway.
_ITEM = re.compile(r'\s*+(?:"((?:[^"\\]|\\.)*+)"|([^",()]*+))\s*+(,|\Z)', re.DOTALL)
_QUOTE = r'"(?:[^"\\]|\\.)*+"'
_SEGMENT = re.compile(
    rf'((?:{_QUOTE}|\((?:{_QUOTE}|[^"()])*+\)|[^,"(])++)(,|\Z)',
    re.DOTALL,
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on one column."""

    column: str
    type: str
    holds: Callable[[Any], bool]

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Whether a row meets the condition. False if the column is missing or null."""
        value = row.get(self.column)
        if value is None:
            return False
        known = comparable(value, self.type)
        return known is not None and self.holds(known)


def read(text: str, types: Mapping[str, str]) -> list[Filter]:
    """Parse a binding's filter; a row must meet all of its conditions.

    Args:
        text: conditions joined by commas; empty for none.
        types: of the table's columns, by name.

    Raises:
        InvalidRequestError: The filter is not valid; the message names the reason.
    """
    return [_condition(segment, types) for segment in _split(text, _SEGMENT.match)] if text else []


def _condition(text: str, types: Mapping[str, str]) -> Filter:
    column, equals, rest = text.partition("=")
    name, dot, value = rest.partition(".")
    if not (equals and dot):
        raise InvalidRequestError("A filter must have the form column=operator.value.")
    column = column.strip()
    if column not in types:
        raise InvalidRequestError("The filter's column does not exist or you may not read it.")
    of_type = types[column]
    if name == "in":
        return Filter(column, of_type, _any_of(value, of_type))
    if name not in _OPERATORS:
        raise InvalidRequestError(f"The filter's operator must be one of: {_KNOWN}.")
    quoted = _QUOTED.fullmatch(value)
    operand = parse_literal(_plain(quoted[1]) if quoted else value, of_type)
    compare = _OPERATORS[name]
    return Filter(column, of_type, lambda known: compare(known, operand))


def _any_of(text: str, of_type: str) -> Callable[[Any], bool]:
    if not (text.startswith("(") and text.endswith(")")):
        raise InvalidRequestError("The values of `in` must be in parentheses.")
    items = list(_split(text[1:-1], _ITEM.match))
    if len(items) > MAX_VALUES:
        raise InvalidRequestError(f"`in` takes at most {MAX_VALUES} ")
    operands = {parse_literal(item, of_type) for item in items}
    return operands.__contains__


def _split(text: str, match: Callable[[str, int], re.Match[str] | None]) -> Iterator[str]:
    """Split a text at the commas outside of quotes."""
    at, more = 0, ","
    while more:
        part = match(text, at)
        if part is None:
            raise InvalidRequestError("The filter is not valid.")
        *groups, more = part.groups()
        at = part.end()
        quoted = groups[0] if len(groups) > 1 else None
        yield _plain(quoted) if quoted is not None else (groups[-1] or "").strip()


def _plain(quoted: str) -> str:
    """Return a quoted text without its escaping backslashes."""
    return _ESCAPE.sub(r"\1", quoted)


def parse_literal(text: str, of_type: str) -> Any:  # noqa: ANN401 - of any column
    """Parse the value in a filter.

    Args:
        text: the value.
        of_type: Postgres's name of the column's type.

    Raises:
        InvalidRequestError: The value is not of that type, or columns of it cannot be filtered.
    """
    read = _READ.get(of_type)
    if read is None:
        raise InvalidRequestError(f"A column of type {of_type} cannot be filtered.")
    try:
        return read(text)
    except (ValueError, InvalidOperation):
        raise InvalidRequestError(
            f"The filter's value is not of its column's type, {of_type}."
        ) from None


def comparable(value: object, of_type: str) -> Any:  # noqa: ANN401 - of any column
    """Convert a row's JSON value, which is not null; None if it cannot be compared."""
    try:
        return _READ[of_type](str(value))
    except (ValueError, InvalidOperation):
        return None


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError("not a finite number")
    return number


def _boolean(text: str) -> bool:
    known = {"true": True, "t": True, "false": False, "f": False}.get(text.lower())
    if known is None:
        raise ValueError("not a boolean")
    return known


def _moment(text: str) -> datetime:
    """Parse a timestamp. Without an offset it is UTC, as in the database's sessions."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_READ: dict[str, Callable[[str], Any]] = {
    # Compared by code points, unlike the database's collation.
    **dict.fromkeys(("text", "varchar", "bpchar"), str),
    **dict.fromkeys(("int2", "int4", "int8", "float4", "float8", "numeric"), _number),
    "uuid": UUID,
    "bool": _boolean,
    "timestamptz": _moment,
    "timestamp": _moment,
    "date": date.fromisoformat,
}
