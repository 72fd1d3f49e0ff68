"""One statement, what it needs, and what becomes of the row that it gives."""

from dataclasses import dataclass

from psycopg import sql
from psycopg.sql import SQL, Composable, Composed

from functions.rest import conditions
from functions.rest.asked import Asked
from functions.rest.catalogue import Catalogue, Table
from functions.rest.conditions import Scope, Values
from functions.rest.preferences import Format
from functions.rest.reading import Reader
from functions.rest.tree import Node

MOST_CHARACTERS = 32 * 2**20
"""Of an answer: what Cloud Run sends at once is 32 MiB at most."""

_NULL = SQL("null")


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement of one row: ``count``, ``body``, ``total``, ``inserted`` and ``location``."""

    asked: Asked
    statement: Composed
    values: Values
    reads: bool
    header: str = ""
    """The first line of CSV."""
    gives_nothing: bool = False
    """A function that returns void."""
    is_set: bool = True
    """Whether it gives rows; False for a function's single value."""


def of_reading(asked: Asked, catalogue: Catalogue) -> Plan:
    """Reading a table."""
    reader, table = Reader(catalogue), catalogue.table(asked.name)
    node, source = asked.query.root, conditions.identifier("public", table.name)
    scope = reader.scope(table, node)
    return Plan(
        asked,
        SQL("select {}, {} as total from ({}) as found").format(
            told(asked.format, is_wanted=asked.method != "HEAD"),
            total(asked, reader, scope, source),
            reader.rows(node, scope, source),
        ),
        reader.values,
        reads=True,
        header=header(reader, node, table),
    )


def total(asked: Asked, reader: Reader, scope: Scope, source: Composable) -> Composable:
    """How many rows there are, whatever the limit; null where nobody asks."""
    if not asked.prefer.counts:
        return _NULL
    where = reader.where(asked.query.root, scope)
    return SQL("(select count(*) from {} as {}{})").format(source, scope.alias, where)


def told(
    form: Format, *, is_wanted: bool = True, is_value: bool = False, is_one: bool = False
) -> Composable:
    """``count`` and ``body`` of the rows ``found``, written in the database.

    Args:
        form: how.
        is_wanted: whether the client wants to see them.
        is_value: whether each is a single ``value``.
        is_one: whether there is but one, which is told by itself.
    """
    body = _csv(is_value=is_value) if form.is_csv else _json(form, is_value, is_one)
    # One character more shows that it is too long, and that is all that is fetched of it.
    return SQL("count(*) as count, left({}, {}) as body").format(
        body if is_wanted else SQL("''"), sql.Literal(MOST_CHARACTERS + 1)
    )


def header(reader: Reader, node: Node, table: Table) -> str:
    """The names of the columns, as CSV begins."""
    quoted = (f'"{label.replace(chr(34), chr(34) * 2)}"' for label in reader.labels(node, table))
    return ",".join(one.strip('"') if one[1:-1].isidentifier() else one for one in quoted)


def _csv(*, is_value: bool) -> Composable:
    line: Composable = SQL("substring(found.*::text, 2, length(found.*::text) - 2)")
    line = SQL("found.value::text") if is_value else line
    return SQL("coalesce(string_agg({}, E'\\n'), '')").format(line)


def _json(form: Format, is_value: bool, is_one: bool) -> Composable:  # noqa: FBT001 - told names them
    rows: Composable = SQL("json_agg(found.value)") if is_value else SQL("json_agg(found.*)")
    empty = SQL("'[]'")
    if is_one or form.is_single:
        rows, empty = SQL("{} -> 0").format(rows), SQL("'null'")
    if form.strips_nulls:
        rows = SQL("json_strip_nulls({})").format(rows)
    return SQL("coalesce(({})::text, {})").format(rows, empty)
