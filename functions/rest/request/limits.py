"""Limits of a query, checked after parsing and before SQL is composed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from functions.rest import errors
from functions.rest.request.ast import Condition, Field, FilterNode, Group, SelectNode
from functions.rest.request.filter_parser import SEARCHES

MAX_QUERY_CHARACTERS = 16_384
"""Of all decoded names and values together; a load balancer does not accept longer URLs."""

MAX_INSERTED_ROWS = 1000
"""Per request. ``rest.count_write`` (migration 0003) limits updates and deletes to as many."""

MAX_STATEMENT_BYTES = 131_072
"""Length of the SQL; the remaining limits keep a statement far below it."""

MAX_SEARCH_CHARACTERS = 1000
"""Length of a full-text search's words."""

_MAX_EMBEDS = 20
_MAX_DEPTH = 8
_MAX_CONDITIONS = 100
_MAX_COLUMNS = 300
_MAX_ORDER_TERMS = 20
_MAX_LISTED_VALUES = 1000
_MAX_PATH_STEPS = 10


@dataclass(slots=True)
class _Counts:
    """Totals over all resources of a query."""

    embeds: int = 0
    columns: int = 0
    conditions: int = 0
    order_terms: int = 0
    listed_values: int = 0


def check_length(pairs: Iterable[tuple[str, str]]) -> None:
    """Raise RestError (54001) if the query string is too long."""
    length = sum(len(name) + len(text) for name, text in pairs)
    _check(length, MAX_QUERY_CHARACTERS, "characters in the query string")


def check_tree(root: SelectNode) -> None:
    """Raise RestError (54001) if a query contains more than a limit allows."""
    counts = _Counts()
    _count(root, 0, counts)
    _check(counts.embeds, _MAX_EMBEDS, "embedded resources")
    _check(counts.columns, _MAX_COLUMNS, "columns in select")
    _check(counts.conditions, _MAX_CONDITIONS, "filters")
    _check(counts.order_terms, _MAX_ORDER_TERMS, "terms in order")
    _check(counts.listed_values, _MAX_LISTED_VALUES, "values in the lists of in")


def check_inserted(rows: Sequence[object]) -> None:
    """Raise RestError (54001) if a request inserts too many rows."""
    _check(len(rows), MAX_INSERTED_ROWS, "rows in one request")


def check_statement(statement: bytes) -> None:
    """Raise RestError (54001) if the SQL is too long for Postgres to plan."""
    _check(len(statement), MAX_STATEMENT_BYTES, "bytes in the statement")


def _count(node: SelectNode, depth: int, counts: _Counts) -> None:
    _check(depth, _MAX_DEPTH, "levels of embedded resources")
    counts.columns += len(node.columns)
    counts.order_terms += len(node.order)
    counts.embeds += len(node.embeds)
    for column in node.columns:
        _check_path(column.field)
    for term in node.order:
        _check_path(term.field)
    for part in node.where:
        _count_conditions(part, counts)
    for embed in node.embeds:
        _count(embed.node, depth + 1, counts)


def _count_conditions(part: FilterNode, counts: _Counts) -> None:
    if isinstance(part, Group):
        for inner in part.parts:
            _count_conditions(inner, counts)
        return
    counts.conditions += 1
    counts.listed_values += 0 if isinstance(part.value, str) else len(part.value)
    _check_condition(part)


def _check_condition(part: Condition) -> None:
    _check_path(part.field)
    if part.operator in SEARCHES:
        _check(len(part.value), MAX_SEARCH_CHARACTERS, "characters in a full-text search")


def _check_path(field: Field) -> None:
    _check(len(field.path), _MAX_PATH_STEPS, "steps in a JSON path")


def _check(count: int, limit: int, noun: str) -> None:
    if count > limit:
        raise errors.too_complex(f"At most {limit:,} {noun}.")
