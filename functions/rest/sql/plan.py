"""Plans: a statement with its parameters and the shape of its result."""

from dataclasses import dataclass

from psycopg import sql
from psycopg.sql import SQL, Composable, Composed

from functions.rest.request.ast import SelectNode
from functions.rest.request.headers import Format
from functions.rest.request.request import RestRequest
from functions.rest.schema.catalog import Catalogue, Table
from functions.rest.sql import costs, expressions
from functions.rest.sql.expressions import SqlParams
from functions.rest.sql.select import SelectBuilder

MAX_CHARACTERS = 32 * 2**20
"""Of a response body: Cloud Run sends at most 32 MiB in one response."""

_NULL = SQL("null")
_CSV = SQL("coalesce(string_agg(item.value::text, E'\\n'), '')")
_CSV_LINE = SQL("substring(item.*::text, 2, length(item.*::text) - 2)")


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement and the shape of its result.

    It returns one row: ``count``, ``body`` and ``total`` of a read or call; ``count``, ``body``,
    ``inserted`` and ``location`` of a write.
    """

    request: RestRequest
    statement: Composed
    values: SqlParams
    reads: bool
    header: str = ""
    """The header line of CSV."""
    returns_void: bool = False
    """Whether the function returns void."""
    is_set: bool = True
    """Whether the result is a set of rows; False for a function's single value."""


def plan_read(request: RestRequest, catalogue: Catalogue) -> Plan:
    """Plan the read of a table. Raises RestError for unknown names."""
    node = request.query.root
    reader, table = SelectBuilder(catalogue, node), catalogue.table(request.name)
    origin = expressions.identifier("public", table.name)
    rows = reader.rows(node, reader.source(table, node), origin)
    has_body = request.method != "HEAD"
    return Plan(
        request,
        SQL("select {}, {} as total from {}").format(
            collected(request.format) if has_body else COUNTED,
            total(request, reader, table, origin),
            written_out(request.format, reader, node, rows) if has_body else listed(rows),
        ),
        reader.values,
        reads=True,
        header=header(reader, node, table),
    )


def total(
    request: RestRequest, reader: SelectBuilder, table: Table, origin: Composable
) -> Composable:
    """Compose the number of rows without the limit; null if the client did not request it."""
    if not request.prefer.counts:
        return _NULL
    node = request.query.root
    filtered = reader.filtered(node, reader.source(table, node), origin)
    return SQL("(select count(*) from {})").format(filtered)


COUNTED = SQL("count(*) as count, '' as body")
"""``count`` and an empty ``body``, for a response without rows."""


def listed(rows: Composable) -> Composable:
    """Compose the rows as the subquery ``item``."""
    return SQL("({}) as item").format(rows)


def written_out(
    form: Format, reader: SelectBuilder, node: SelectNode, rows: Composable
) -> Composable:
    """Compose each row as a ``value``: a line of CSV, or JSON.

    The output of rows of plain columns is not counted: it is never larger than the table.
    """
    value = _CSV_LINE if form.is_csv else SQL("row_to_json(item.*)")
    if costs.is_plain(node):
        return SQL("(select {} as value from ({}) as item) as item").format(value, rows)
    return reader.counted(rows, node, value)


def collected(form: Format, *, is_one: bool = False) -> Composable:
    """Compose ``count`` and ``body`` of the rows ``item``, each with a ``value``.

    Args:
        form: output format of the rows.
        is_one: whether the result is a function's single value, which is not put into an array.
    """
    body = _CSV if form.is_csv else _json(form, is_one)
    # One character more than allowed is fetched, which shows that the body is too long.
    return SQL("count(*) as count, left({}, {}) as body").format(
        body, sql.Literal(MAX_CHARACTERS + 1)
    )


def header(reader: SelectBuilder, node: SelectNode, table: Table) -> str:
    """Return the header line of CSV."""
    quoted = (f'"{label.replace(chr(34), chr(34) * 2)}"' for label in reader.labels(node, table))
    return ",".join(name.strip('"') if name[1:-1].isidentifier() else name for name in quoted)


def _json(form: Format, is_one: bool) -> Composable:  # noqa: FBT001 - called by collected only
    rows: Composable = SQL("json_agg(item.value)")
    empty = SQL("'[]'")
    if is_one or form.is_single:
        rows, empty = SQL("{} -> 0").format(rows), SQL("'null'")
    if form.strips_nulls:
        rows = SQL("json_strip_nulls({})").format(rows)
    return SQL("coalesce(({})::text, {})").format(rows, empty)
