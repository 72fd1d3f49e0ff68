"""One statement, what it needs, and what becomes of the row that it gives."""

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
"""Of an answer: what Cloud Run sends at once is 32 MiB at most."""

_NULL = SQL("null")
_CSV = SQL("coalesce(string_agg(item.value::text, E'\\n'), '')")
_CSV_LINE = SQL("substring(item.*::text, 2, length(item.*::text) - 2)")


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement of one row: ``count``, ``body``, ``total``, ``inserted`` and ``location``."""

    request: RestRequest
    statement: Composed
    values: SqlParams
    reads: bool
    header: str = ""
    """The first line of CSV."""
    returns_void: bool = False
    """A function that returns void."""
    is_set: bool = True
    """Whether it gives rows; False for a function's single value."""


def plan_read(request: RestRequest, catalogue: Catalogue) -> Plan:
    """Reading a table."""
    node = request.query.root
    reader, table = SelectBuilder(catalogue, node), catalogue.table(request.name)
    origin = expressions.identifier("public", table.name)
    rows = reader.rows(node, reader.source(table, node), origin)
    is_wanted = request.method != "HEAD"
    return Plan(
        request,
        SQL("select {}, {} as total from {}").format(
            collected(request.format) if is_wanted else COUNTED,
            total(request, reader, table, origin),
            written_out(request.format, reader, node, rows) if is_wanted else listed(rows),
        ),
        reader.values,
        reads=True,
        header=header(reader, node, table),
    )


def total(
    request: RestRequest, reader: SelectBuilder, table: Table, origin: Composable
) -> Composable:
    """How many rows there are, whatever the limit; null if the client does not ask."""
    if not request.prefer.counts:
        return _NULL
    node = request.query.root
    filtered = reader.filtered(node, reader.source(table, node), origin)
    return SQL("(select count(*) from {})").format(filtered)


COUNTED = SQL("count(*) as count, '' as body")
"""``count`` and ``body`` of rows that the client does not want to see."""


def listed(rows: Composable) -> Composable:
    """The rows, to be counted."""
    return SQL("({}) as item").format(rows)


def written_out(
    form: Format, reader: SelectBuilder, node: SelectNode, rows: Composable
) -> Composable:
    """Each row as a ``value``: a line of CSV, or JSON.

    Rows of plain columns are not counted: with their limit, they are no more than the table holds.
    """
    value = _CSV_LINE if form.is_csv else SQL("row_to_json(item.*)")
    if costs.is_plain(node):
        return SQL("(select {} as value from ({}) as item) as item").format(value, rows)
    return reader.counted(rows, node, value)


def collected(form: Format, *, is_one: bool = False) -> Composable:
    """``count`` and ``body`` of the rows ``item``, each a ``value``.

    Args:
        form: how they are written.
        is_one: whether a function gives but one, which stands by itself.
    """
    body = _CSV if form.is_csv else _json(form, is_one)
    # One character more shows that it is too long, and that is all that is fetched of it.
    return SQL("count(*) as count, left({}, {}) as body").format(
        body, sql.Literal(MAX_CHARACTERS + 1)
    )


def header(reader: SelectBuilder, node: SelectNode, table: Table) -> str:
    """The names of the columns, as CSV begins."""
    quoted = (f'"{label.replace(chr(34), chr(34) * 2)}"' for label in reader.labels(node, table))
    return ",".join(one.strip('"') if one[1:-1].isidentifier() else one for one in quoted)


def _json(form: Format, is_one: bool) -> Composable:  # noqa: FBT001 - collected names it
    rows: Composable = SQL("json_agg(item.value)")
    empty = SQL("'[]'")
    if is_one or form.is_single:
        rows, empty = SQL("{} -> 0").format(rows), SQL("'null'")
    if form.strips_nulls:
        rows = SQL("json_strip_nulls({})").format(rows)
    return SQL("coalesce(({})::text, {})").format(rows, empty)
