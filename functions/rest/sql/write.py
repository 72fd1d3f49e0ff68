"""Inserting, updating and deleting: what was written is then read as a table is."""

from dataclasses import replace

from psycopg.sql import SQL, Composable

from functions.rest.request.ast import Node
from functions.rest.request.request import Asked, Body
from functions.rest.schema.catalog import Catalogue, Table
from functions.rest.sql import expressions, insert, plan
from functions.rest.sql.expressions import Scope, Values, identifier
from functions.rest.sql.plan import Plan
from functions.rest.sql.select import Reader, Source

_COMMA = SQL(", ")
_NULL = SQL("null")


def of_writing(asked: Asked, catalogue: Catalogue) -> Plan:
    """POST, PATCH or DELETE of a table's rows."""
    reader, table = Reader(catalogue, asked.query.root), catalogue.table(asked.name)
    # Filters say what is written; all of that is told, whatever the limit.
    node = replace(asked.query.root, where=[], limit=None, offset=0, is_whole=True)
    written = _written(asked, reader, table)
    columns: Composable = plan.COUNTED
    source, header = plan.listed(SQL("select from written")), ""
    if asked.prefer.returns == "representation":
        rows = reader.rows(node, reader.source(table, node), SQL("written"))
        columns = plan.collected(asked.format)
        source = plan.written_out(asked.format, reader, node, rows)
        header = plan.header(reader, node, table)
    return Plan(
        asked,
        SQL("with {} select {}, {} as inserted, {} as location from {}").format(
            written,
            columns,
            insert.COUNTED if insert.merges(asked, table) else _NULL,
            _location(table) if _tells_location(asked, table) else _NULL,
            source,
        ),
        reader.values,
        reads=False,
        header=header,
    )


def _written(asked: Asked, reader: Reader, table: Table) -> Composable:
    """``written``, the rows as they are now, or were until they were deleted."""
    node = Node(where=asked.query.root.where)
    source = reader.source(table, node)
    target, where = source.scope, _filtered(node, source, reader)
    returning = _returning(asked, target)
    if asked.method == "DELETE" or asked.body is None:
        statement = SQL("delete from {} as {}{}{}").format(
            identifier("public", table.name),
            target.alias,
            where,
            returning,
        )
    elif asked.method == "PATCH":
        statement = _update(asked, asked.body, reader.values, target, where) + returning
    else:
        return insert.written(asked, asked.body, reader.values, target, returning)
    return SQL("written as ({})").format(statement)


def _update(
    asked: Asked, body: Body, parameters: Values, target: Scope, where: Composable
) -> Composable:
    names = insert.names(asked, body, target.table)
    into = identifier("public", target.table.name)
    if not names:
        # There is nothing to set: what may not be changed is not asked for either.
        return SQL("delete from {} as {} where false").format(into, target.alias)
    keys = body.keys[0] if body.keys else frozenset()
    defaults = set(names) - keys if asked.prefer.chosen.get("missing") == "default" else set()
    values = [SQL("{} = default") if name in defaults else SQL("{0} = given.{0}") for name in names]
    given = SQL(
        "(select content from json_array_elements({}::json) as elements (content) limit 1)"
        " as first, json_to_record(first.content) as given ({})"
    ).format(parameters.add(body.rows), insert.typed(names, target.table))
    return SQL("update {} as {} set {} from {}{}").format(
        into,
        target.alias,
        _COMMA.join(
            value.format(identifier(name)) for value, name in zip(values, names, strict=True)
        ),
        given,
        where,
    )


def _filtered(node: Node, source: Source, reader: Reader) -> Composable:
    parts = reader.spending(node, source)
    parts += expressions.joined(source.scope, node.where, reader.values)
    return SQL(" where ") + SQL(" and ").join(parts) if parts else SQL("")


def _returning(asked: Asked, target: Scope) -> Composable:
    names: tuple[str, ...] = ()
    if asked.prefer.returns == "representation":
        names = target.table.readable
    elif _tells_location(asked, target.table):
        names = target.table.key
    columns: list[Composable] = [
        SQL("{}.{}").format(target.alias, identifier(name)) for name in names
    ]
    if asked.method != "POST":
        columns.append(SQL('rest.count_write() as "rest.counted"'))
    return SQL(" returning ") + _COMMA.join(columns or [SQL("1 as one")])


def _tells_location(asked: Asked, table: Table) -> bool:
    is_asked = asked.method == "POST" and asked.prefer.returns == "headers-only"
    return is_asked and bool(table.key) and set(table.key) <= set(table.readable)


def _location(table: Table) -> Composable:
    """The primary key of the one row that was inserted, as JSON."""
    return SQL(
        "case when count(*) = 1 then"
        " (select row_to_json(one.*) from (select {} from written limit 1) as one) end"
    ).format(_COMMA.join(map(identifier, table.key)))
