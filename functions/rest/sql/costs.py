"""What a row costs to read and to write out, in units of one or two microseconds.

Measured on rows of 1,600 characters, and rounded up to what the longest value takes: a step into
JSON unpacks the whole value, 16 KB of metadata. ``rest.spend`` (migration 0023) adds the units of
all rows of a statement up, and ends it beyond 400,000.
"""

from collections.abc import Iterable

from functions.rest.request.ast import Column, Condition, Field, FilterNode, Group, SelectNode
from functions.rest.request.filter_parser import SEARCHES

FREE_UNITS = 100
"""The table's own rows, which are read once, are counted only if a query costs more: one row of
each of its resources added up. The rows of embedded resources are read again for every row above
them, and always counted.
"""

CHARACTERS_PER_UNIT = 100
"""Of JSON that is written."""

SEARCHED_CHARACTERS_PER_UNIT = 4
"""Of a text that is split into words for a full-text search."""

_ROW_UNITS = 2
_PATH_UNITS = 20
_OPERATOR_UNITS = {
    **dict.fromkeys(("ilike", "match", "imatch"), 25),
    **dict.fromkeys(("cs", "cd"), 20),
    "like": 5,
    **dict.fromkeys(SEARCHES, FREE_UNITS),
}
_VALUE_CHARACTERS = 50
"""A value of so many characters doubles what its operator costs: it may be a list of patterns."""


def of_reading(node: SelectNode) -> int:
    """What one row of a resource costs until it is filtered and sorted."""
    conditions = sum(map(_of_condition, node.where))
    return _ROW_UNITS + conditions + sum(_of_field(term.field) for term in node.order)


def is_costly(root: SelectNode) -> bool:
    """Whether each row that a query reads is to be counted."""
    return _of_tree(root) > FREE_UNITS


def is_plain(node: SelectNode) -> bool:
    """Whether a row is written out as no more than its columns, each of them once."""
    names = [column.field.name for column in node.columns]
    is_changed = any(column.field.path or column.cast for column in node.columns)
    return not node.embeds and not is_changed and len(set(names)) == len(names)


def of_writing_out(columns: Iterable[Column]) -> int:
    """What one row's columns cost beyond their characters."""
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
