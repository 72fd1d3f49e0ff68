"""Composes INSERT, UPDATE and DELETE; the written rows are then read like a table."""

from dataclasses import replace

from psycopg.sql import SQL, Composable

from functions.rest.request.ast import SelectNode
from functions.rest.request.request import Body, RestRequest
from functions.rest.schema.catalog import Catalogue, Table
from functions.rest.sql import expressions, insert, plan
from functions.rest.sql.expressions import SqlParams, TableScope, identifier
from functions.rest.sql.plan import Plan
from functions.rest.sql.select import SelectBuilder, Source

_COMMA = SQL(", ")
_NULL = SQL("null")


def plan_write(request: RestRequest, catalogue: Catalogue) -> Plan:
    """Plan POST, PATCH or DELETE of a table's rows. Raises RestError for unknown names."""
    reader, table = SelectBuilder(catalogue, request.query.root), catalogue.table(request.name)
    # Filters select the rows to write; all written rows are returned, whatever the limit.
    node = replace(request.query.root, where=[], limit=None, offset=0, is_unlimited=True)
    written = _written(request, reader, table)
    columns: Composable = plan.COUNTED
    source, header = plan.listed(SQL("select from written")), ""
    if request.prefer.returns == "representation":
        rows = reader.rows(node, reader.source(table, node), SQL("written"))
        columns = plan.collected(request.format)
        source = plan.written_out(request.format, reader, node, rows)
        header = plan.header(reader, node, table)
    return Plan(
        request,
        SQL("with {} select {}, {} as inserted, {} as location from {}").format(
            written,
            columns,
            insert.COUNTED if insert.merges(request, table) else _NULL,
            _location(table) if _returns_location(request, table) else _NULL,
            source,
        ),
        reader.values,
        reads=False,
        header=header,
    )


def _written(request: RestRequest, reader: SelectBuilder, table: Table) -> Composable:
    """Compose the common table expression ``written`` with the written or deleted rows."""
    node = SelectNode(where=request.query.root.where)
    source = reader.source(table, node)
    target, where = source.scope, _filtered(node, source, reader)
    returning = _returning(request, target)
    if request.method == "DELETE" or request.body is None:
        statement = SQL("delete from {} as {}{}{}").format(
            identifier("public", table.name),
            target.alias,
            where,
            returning,
        )
    elif request.method == "PATCH":
        statement = _update(request, request.body, reader.values, target, where) + returning
    else:
        return insert.written(request, request.body, reader.values, target, returning)
    return SQL("written as ({})").format(statement)


def _update(
    request: RestRequest, body: Body, parameters: SqlParams, target: TableScope, where: Composable
) -> Composable:
    names = insert.names(request, body, target.table)
    into = identifier("public", target.table.name)
    if not names:
        # Without columns to set: a statement that changes no row and takes the same `returning`.
        return SQL("delete from {} as {} where false").format(into, target.alias)
    keys = body.keys[0] if body.keys else frozenset()
    defaults = set(names) - keys if request.prefer.chosen.get("missing") == "default" else set()
    values = [SQL("{} = default") if name in defaults else SQL("{0} = given.{0}") for name in names]
    expression = SQL(
        "(select content from json_array_elements({}::json) as elements (content) limit 1)"
        " as first, json_to_record(first.content) as given ({})"
    ).format(parameters.add(body.rows), insert.typed(names, target.table))
    return SQL("update {} as {} set {} from {}{}").format(
        into,
        target.alias,
        _COMMA.join(
            value.format(identifier(name)) for value, name in zip(values, names, strict=True)
        ),
        expression,
        where,
    )


def _filtered(node: SelectNode, source: Source, reader: SelectBuilder) -> Composable:
    parts = reader.spending(node, source)
    parts += expressions.joined(source.scope, node.where, reader.values)
    return SQL(" where ") + SQL(" and ").join(parts) if parts else SQL("")


def _returning(request: RestRequest, target: TableScope) -> Composable:
    names: tuple[str, ...] = ()
    if request.prefer.returns == "representation":
        names = target.table.readable
    elif _returns_location(request, target.table):
        names = target.table.key
    columns: list[Composable] = [
        SQL("{}.{}").format(target.alias, identifier(name)) for name in names
    ]
    if request.method != "POST":
        columns.append(SQL('rest.count_write() as "rest.counted"'))
    return SQL(" returning ") + _COMMA.join(columns or [SQL("1 as one")])


def _returns_location(request: RestRequest, table: Table) -> bool:
    is_requested = request.method == "POST" and request.prefer.returns == "headers-only"
    return is_requested and bool(table.key) and set(table.key) <= set(table.readable)


def _location(table: Table) -> Composable:
    """Compose the primary key of the inserted row as JSON, if there is exactly one."""
    return SQL(
        "case when count(*) = 1 then"
        " (select row_to_json(one.*) from (select {} from written limit 1) as one) end"
    ).format(_COMMA.join(map(identifier, table.key)))
