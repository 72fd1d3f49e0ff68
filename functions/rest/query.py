"""From PostgREST's query syntax to SQL.

Every name is one of the table's readable columns, quoted; every value is a parameter.
"""

from collections.abc import Sequence

from psycopg import sql

from shared.errors import InvalidError

MOST_ROWS = 1000
"""As Supabase's own default."""

_KEYWORDS = {"null": sql.SQL("null"), "true": sql.SQL("true"), "false": sql.SQL("false")}
_OPERATORS = {
    "eq": sql.SQL("="),
    "neq": sql.SQL("<>"),
    "gt": sql.SQL(">"),
    "gte": sql.SQL(">="),
    "lt": sql.SQL("<"),
    "lte": sql.SQL("<="),
}
_ORDERS = {
    "asc": sql.SQL("asc"),
    "desc": sql.SQL("desc"),
    "nullsfirst": sql.SQL("nulls first"),
    "nullslast": sql.SQL("nulls last"),
}


def select(
    table: str, columns: Sequence[str], parameters: Sequence[tuple[str, str]]
) -> tuple[sql.Composed, list[str | int]]:
    """One row: ``count``, and ``body``, the rows as JSON text, with their arguments.

    Raises:
        InvalidError: for a column that is not there, or an operator that is not known.
    """
    given = dict(parameters)
    chosen, order = given.pop("select", "*"), given.pop("order", "")
    limit, offset = _count(given.pop("limit", str(MOST_ROWS))), _count(given.pop("offset", "0"))
    filters = [(name, text) for name, text in parameters if name in given]
    conditions = [_condition(name, text, columns) for name, text in filters]
    statement = sql.SQL(
        "select count(*) as count, coalesce(json_agg(chosen), '[]')::text as body from ("
        "select {chosen} from public.{table}{where}{order} limit %s offset %s) as chosen"
    ).format(
        chosen=sql.SQL(", ").join(_chosen(chosen, columns)),
        table=sql.Identifier(table),
        where=_where([condition for condition, _ in conditions]),
        order=_order([_term(term, columns) for term in _listed(order)]),
    )
    values = [value for _, value in conditions if value is not None]
    return statement, [*values, min(limit, MOST_ROWS), offset]


def _chosen(text: str, columns: Sequence[str]) -> list[sql.Composable]:
    names = [one for name in _listed(text) for one in (columns if name == "*" else [name])]
    if not names:
        raise InvalidError("select names no column.")
    return [_column(name, columns) for name in names]


def _condition(name: str, text: str, columns: Sequence[str]) -> tuple[sql.Composable, str | None]:
    operator, _, value = text.partition(".")
    column = _column(name, columns)
    if operator == "is" and value in {"null", "true", "false"}:
        return sql.SQL("{} is {}").format(column, _KEYWORDS[value]), None
    if operator not in _OPERATORS:
        raise InvalidError(f"The filter on {name} needs one of: {', '.join(_OPERATORS)}, is.")
    if "\0" in value:
        raise InvalidError(f"The filter on {name} holds a NUL character.")
    return sql.SQL("{} {} %s").format(column, _OPERATORS[operator]), value


def _term(text: str, columns: Sequence[str]) -> sql.Composable:
    name, *how = text.split(".")
    if not set(how) <= _ORDERS.keys():
        raise InvalidError(f"order knows: {', '.join(_ORDERS)}.")
    return sql.SQL(" ").join([_column(name, columns), *(_ORDERS[word] for word in how)])


def _column(name: str, columns: Sequence[str]) -> sql.Identifier:
    if name not in columns:
        raise InvalidError("A column that is named is not there, or not yours to read.")
    return sql.Identifier(name)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - fits an integer
        raise InvalidError("limit and offset are whole numbers.")
    return int(text)


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _where(conditions: list[sql.Composable]) -> sql.Composable:
    return sql.SQL(" where ") + sql.SQL(" and ").join(conditions) if conditions else sql.SQL("")


def _order(terms: list[sql.Composable]) -> sql.Composable:
    return sql.SQL(" order by ") + sql.SQL(", ").join(terms) if terms else sql.SQL("")
