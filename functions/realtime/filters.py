"""``filter`` of a binding: ``column=operator.value``, or several with commas between: all hold."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from functions.realtime import values
from shared.errors import InvalidRequestError

MAX_VALUES = 100
"""In the list of ``in``, as Supabase's own."""

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_KNOWN = ", ".join([*_OPERATORS, "in"])
# None of them takes back what it has read (`*+`, `++`): what follows never fits in its place.
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
        """Whether it holds; where the row lacks the column, or holds null there, it does not."""
        value = row.get(self.column)
        if value is None:
            return False
        known = values.comparable(value, self.type)
        return known is not None and self.holds(known)


def read(text: str, types: Mapping[str, str]) -> list[Filter]:
    """Read a binding's filter; ``types`` are those of the table's columns.

    Raises:
        InvalidError: saying what is wrong with it.
    """
    return [_condition(segment, types) for segment in _split(text, _SEGMENT.match)] if text else []


def _condition(text: str, types: Mapping[str, str]) -> Filter:
    column, equals, rest = text.partition("=")
    name, dot, value = rest.partition(".")
    if not (equals and dot):
        raise InvalidRequestError("A filter is written as column=operator.value.")
    column = column.strip()
    if column not in types:
        raise InvalidRequestError("The filter's column is not there, or not yours to read.")
    of_type = types[column]
    if name == "in":
        return Filter(column, of_type, _any_of(value, of_type))
    if name not in _OPERATORS:
        raise InvalidRequestError(f"The filter needs one of: {_KNOWN}.")
    quoted = _QUOTED.fullmatch(value)
    wanted = values.parse_literal(_plain(quoted[1]) if quoted else value, of_type)
    compare = _OPERATORS[name]
    return Filter(column, of_type, lambda known: compare(known, wanted))


def _any_of(text: str, of_type: str) -> Callable[[Any], bool]:
    if not (text.startswith("(") and text.endswith(")")):
        raise InvalidRequestError("The values of `in` stand in parentheses.")
    listed = list(_split(text[1:-1], _ITEM.match))
    if len(listed) > MAX_VALUES:
        raise InvalidRequestError(f"`in` takes at most {MAX_VALUES} values.")
    wanted = {values.parse_literal(one, of_type) for one in listed}
    return wanted.__contains__


def _split(text: str, match: Callable[[str, int], re.Match[str] | None]) -> Iterator[str]:
    """The parts between the commas that stand in no quotes."""
    at, more = 0, ","
    while more:
        found = match(text, at)
        if found is None:
            raise InvalidRequestError("The filter cannot be read.")
        *several, more = found.groups()
        at = found.end()
        quoted = several[0] if len(several) > 1 else None
        yield _plain(quoted) if quoted is not None else (several[-1] or "").strip()


def _plain(quoted: str) -> str:
    """What stands in quotes, without its backslashes."""
    return _ESCAPE.sub(r"\1", quoted)
