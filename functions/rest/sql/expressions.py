"""Filters and fields as SQL: names come from the catalogue, and values are parameters."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from psycopg import sql
from psycopg.sql import SQL, Composable

from functions.rest.errors import RestError
from functions.rest.request import patterns
from functions.rest.request.ast import Condition, Field, FilterNode, Group
from functions.rest.request.filter_parser import SEARCHES
from functions.rest.schema import types
from functions.rest.schema.catalog import Table
from functions.rest.sql import costs

_JSON = {("pg_catalog", "json"), ("pg_catalog", "jsonb")}
_OPERATORS = {
    "eq": SQL("="),
    "neq": SQL("<>"),
    "gt": SQL(">"),
    "gte": SQL(">="),
    "lt": SQL("<"),
    "lte": SQL("<="),
    "like": SQL("like"),
    "ilike": SQL("ilike"),
    "match": SQL("~"),
    "imatch": SQL("~*"),
    "cs": SQL("@>"),
    "cd": SQL("<@"),
    "ov": SQL("&&"),
    "sl": SQL("<<"),
    "sr": SQL(">>"),
    "nxr": SQL("&<"),
    "nxl": SQL("&>"),
    "adj": SQL("-|-"),
    "isdistinct": SQL("is distinct from"),
    "fts": SQL("to_tsquery"),
    "plfts": SQL("plainto_tsquery"),
    "phfts": SQL("phraseto_tsquery"),
    "wfts": SQL("websearch_to_tsquery"),
}
_KINDS = {
    "null": SQL("null"),
    "not_null": SQL("not null"),
    "true": SQL("true"),
    "false": SQL("false"),
    "unknown": SQL("unknown"),
}
_QUANTIFIERS = {"any": SQL("any"), "all": SQL("all")}
_PATTERNS = {"like", "ilike"}
_REGULAR = {"match", "imatch"}
_JOINTS = {"and": SQL(" and "), "or": SQL(" or ")}


class SqlParams(dict[str, object]):
    """Named parameters of a statement."""

    def add(self, value: str | int | None) -> Composable:
        """Add a value and return its placeholder."""
        name = f"v{len(self)}"
        self[name] = value
        return sql.Placeholder(name)


@dataclass(frozen=True, slots=True)
class TableScope:
    """A table under the alias that it has in the statement."""

    alias: Composable
    table: Table
    present: dict[str, Composable] = field(default_factory=dict)
    """By name of an embedded resource, the column of its join that is true if it has rows."""


def identifier(*names: str) -> Composable:
    """Quote a name. Percent signs are doubled, since psycopg interprets them."""
    return sql.Identifier(*(name.replace("%", "%%") for name in names))


def column_expression(scope: TableScope, of: Field, values: SqlParams) -> Composable:
    """Compose a column with its JSON path. Raises RestError (42703)."""
    column = scope.table.column(of.name)
    expression: Composable = SQL("{}.{}").format(scope.alias, identifier(of.name))
    if of.path and column.type not in _JSON:
        expression = SQL("to_jsonb({})").format(expression)
    for step in of.path:
        key = values.add(step.key)
        arrow = SQL("->>") if step.as_text else SQL("->")
        if step.is_index:
            key = SQL("{}::int").format(key)
        expression = SQL("({}{}{})").format(expression, arrow, key)
    return expression


def cast(expression: Composable, name: str | None) -> Composable:
    """Compose ``column::type``, if there is a type. Raises RestError (42704)."""
    return SQL("{}::{}").format(expression, types.named(name)) if name else expression


def joined(scope: TableScope, parts: Sequence[FilterNode], values: SqlParams) -> list[Composable]:
    """Compose each condition; the caller joins them with ``and``."""
    return [_where(scope, part, values) for part in parts]


def embeds_named(parts: Sequence[FilterNode], names: Collection[str], table: Table) -> set[str]:
    """Return the names of the embedded resources that conditions refer to.

    Args:
        parts: the conditions.
        names: of the resources that are embedded in the table.
        table: the table that the conditions are of.
    """
    conditions = _conditions(parts)
    return {part.field.name for part in conditions if _is_of_resource(part, names, table)}


def search_units(
    scope: TableScope, parts: Sequence[FilterNode], values: SqlParams
) -> list[Composable]:
    """Compose the cost of the full-text searches in a row, by the length of each text.

    A text is measured once for all of its searches. Otherwise measuring would cost more than the
    searches, and the planner would check it after them.
    """
    searches = Counter(part.field for part in _conditions(parts) if part.operator in SEARCHES)
    return [
        SQL("coalesce(octet_length(({})::text), 0) * {} / {}").format(
            column_expression(scope, of, values),
            sql.Literal(count),
            sql.Literal(costs.SEARCHED_CHARACTERS_PER_UNIT),
        )
        for of, count in searches.items()
    ]


def _conditions(parts: Sequence[FilterNode]) -> Iterator[Condition]:
    for part in parts:
        if isinstance(part, Group):
            yield from _conditions(part.parts)
        else:
            yield part


def _where(scope: TableScope, part: FilterNode, values: SqlParams) -> Composable:
    if isinstance(part, Group):
        inner = _JOINTS[part.joint].join(joined(scope, part.parts, values))
        expression: Composable = SQL("({})").format(inner)
    elif _is_of_resource(part, scope.present, scope.table):
        expression = _presence(scope, part)
    else:
        expression = _condition(column_expression(scope, part.field, values), scope, part, values)
    return SQL("not ({})").format(expression) if part.is_negated else expression


def _is_of_resource(part: Condition, names: Collection[str], table: Table) -> bool:
    """Whether a condition refers to an embedded resource and not to a column of that name."""
    name, is_null_test = part.field.name, part.operator == "is" and part.value == "null"
    return name in names and (is_null_test or name not in table.columns)


def _presence(scope: TableScope, part: Condition) -> Composable:
    name = part.field.name
    if part.operator != "is" or part.value not in {"null", "not_null"}:
        raise RestError(
            400,
            "PGRST120",
            f"Bad operator on the '{name}' embedded resource",
            details="Only is null or not is null filters are allowed on embedded resources",
        )
    word = SQL("is not true") if part.value == "null" else SQL("is true")
    return SQL("{} {}").format(scope.present[name], word)


def _condition(
    expression: Composable, scope: TableScope, part: Condition, values: SqlParams
) -> Composable:
    operator, value = part.operator, part.value
    if not isinstance(value, str):
        return SQL("{} = any({})").format(expression, values.add(array(value)))
    if operator == "is":
        return SQL("{} is {}").format(expression, _KINDS[value])
    if operator in SEARCHES:
        return _search(expression, scope, part, values)
    if operator in _REGULAR:
        (patterns.check_array if part.extra else patterns.check)(value)
    operand = values.add(value.replace("*", "%") if operator in _PATTERNS else value)
    if part.extra:
        operand = SQL("{}({})").format(_QUANTIFIERS[part.extra], operand)
    return SQL("{} {} {}").format(expression, _OPERATORS[operator], operand)


def _search(
    expression: Composable, scope: TableScope, part: Condition, values: SqlParams
) -> Composable:
    language: Composable = SQL("")
    if part.extra:
        language = SQL("{}::regconfig, ").format(values.add(part.extra.strip()))
    if scope.table.column(part.field.name).type[1] != "tsvector":
        expression = SQL("to_tsvector({}{})").format(language, expression)
    words = values.add(str(part.value))
    return SQL("{} @@ {}({}{})").format(expression, _OPERATORS[part.operator], language, words)


def array(elements: Sequence[str]) -> str:
    """Return the array literal of Postgres for elements of any type."""
    quoted = (element.replace("\\", "\\\\").replace('"', '\\"') for element in elements)
    return "{" + ",".join(f'"{element}"' for element in quoted) + "}"
