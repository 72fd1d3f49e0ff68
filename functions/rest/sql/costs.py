"""Cost of reading a row and of writing it to the response, in units of 1 to 2 microseconds.

Measured on rows of 1,600 characters, and rounded up to the cost of the longest value: a step into
JSON unpacks the entire value, 16 KB of metadata. ``rest.spend`` (migration 0003) adds up the units
of all rows of a statement, and aborts it beyond 400,000.
"""

from collections.abc import Iterable

from functions.rest.request.ast import Column, Condition, Field, FilterNode, Group, SelectNode
from functions.rest.request.filter_parser import SEARCHES

FREE_UNITS = 100
"""Rows of the root table, which are read once, are counted only if a query costs more than this,
where its cost is the sum of one row of each of its resources. Rows of embedded resources are read
again for every parent row, and always counted.
"""

CHARACTERS_PER_UNIT = 100
"""Of JSON in the response."""

SEARCHED_CHARACTERS_PER_UNIT = 4
"""Of text that is split into words for a full-text search."""

_ROW_UNITS = 2
_PATH_UNITS = 20
_OPERATOR_UNITS = {
    **dict.fromkeys(("ilike", "match", "imatch"), 25),
    **dict.fromkeys(("cs", "cd"), 20),
    "like": 5,
    **dict.fromkeys(SEARCHES, FREE_UNITS),
}
_VALUE_CHARACTERS = 50
"""Each further so many characters add the operator's cost: a value may be a list of patterns."""


def of_reading(node: SelectNode) -> int:
    """Return the units for filtering and sorting one row of a resource."""
    conditions = sum(map(_of_condition, node.where))
    return _ROW_UNITS + conditions + sum(_of_field(term.field) for term in node.order)


def is_costly(root: SelectNode) -> bool:
    """Whether each row of the root table must be counted."""
    return _of_tree(root) > FREE_UNITS


def is_plain(node: SelectNode) -> bool:
    """Whether the output of a row is only its unchanged columns, each at most once."""
    names = [column.field.name for column in node.columns]
    is_changed = any(column.field.path or column.cast for column in node.columns)
    return not node.embeds and not is_changed and len(set(names)) == len(names)


def of_writing_out(columns: Iterable[Column]) -> int:
    """Return the units for the output of one row, in addition to those of its length."""
    return sum(_of_field(column.field) for column in columns)


def _of_tree(node: SelectNode) -> int:
    return of_reading(node) + sum(_of_tree(embed.node) for embed in node.embeds)


def _of_condition(part: FilterNode) -> int:
    if isinstance(part, Group):
        return sum(map(_of_condition, part.parts))
    return _of_field(part.field) + _of_operator(part)


def _of_operator(part: Condition) -> int:
    if not isinstance(part.value, str):
        return 0
    units = _OPERATOR_UNITS.get(part.operator, 1 if part.extra else 0)
    return units * (1 + len(part.value) // _VALUE_CHARACTERS)


def _of_field(field: Field) -> int:
    return _PATH_UNITS if field.path else 0
