"""Composes function calls: by POST with a body, or by GET for functions that change nothing."""

from psycopg.sql import SQL, Composable

from functions.rest.errors import RestError
from functions.rest.request.request import RestRequest
from functions.rest.schema.catalog import Catalogue, Function, Table
from functions.rest.sql import plan
from functions.rest.sql.expressions import SqlParams, identifier
from functions.rest.sql.plan import Plan
from functions.rest.sql.select import MAX_ROWS, SelectBuilder

_COMMA = SQL(", ")


def plan_rpc(request: RestRequest, catalogue: Catalogue) -> Plan:
    """Plan a function call; returned rows are filtered, ordered and embedded like a table's.

    Raises:
        RestError: PGRST202 if no function has these parameters, PGRST203 if several do.
    """
    names = frozenset(request.query.arguments)
    if request.body:
        names = request.body.keys[0]
    routine = _resolve_overload(catalogue, request.name, names)
    reader = SelectBuilder(catalogue, request.query.root)
    called = _called(request, routine, names, reader.values)
    rows, total, header = _result_rows(request, routine, reader)
    columns: Composable = plan.COUNTED
    source = plan.listed(rows)
    if request.method != "HEAD" and not routine.is_void:
        columns = plan.collected(request.format, is_one=not routine.is_set)
        if routine.gives is not None:
            source = plan.written_out(request.format, reader, request.query.root, rows)
    statement = SQL("with called as materialized ({}) select {}, {} as total from {}")
    return Plan(
        request,
        statement.format(called, columns, total, source),
        reader.values,
        reads=request.is_read or not routine.is_volatile,
        header=header,
        returns_void=routine.is_void,
        is_set=routine.is_set,
    )


def _resolve_overload(catalogue: Catalogue, name: str, names: frozenset[str]) -> Function:
    fitting = [
        function
        for function in catalogue.routines.get(name, ())
        if function.required <= names <= function.parameters.keys()
    ]
    if len(fitting) == 1:
        return fitting[0]
    raise _several(fitting) if fitting else _none(name, names)


def _called(
    request: RestRequest, routine: Function, names: frozenset[str], values: SqlParams
) -> Composable:
    order = [name for name in routine.parameters if name in names]
    sources: list[Composable] = []
    if request.body and order:
        columns = _COMMA.join(_typed(name, routine) for name in order)
        record = SQL("json_to_record({}::json -> 0) as given ({})")
        sources = [record.format(values.add(request.body.rows), columns)]
        arguments = [SQL("{0} => given.{0}").format(identifier(name)) for name in order]
    else:
        arguments = [
            SQL("{} => {}::{}").format(
                identifier(name),
                values.add(request.query.arguments[name]),
                identifier(*routine.parameters[name]),
            )
            for name in order
        ]
    call = SQL("{}({})").format(identifier("public", routine.name), _COMMA.join(arguments))
    if routine.gives is None:
        value = SQL("select {} as value").format(call)
        return value + SQL(" from ") + sources[0] if sources else value
    sources.append(SQL("{} as result").format(call))
    return SQL("select result.* from {}").format(_COMMA.join(sources))


def _result_rows(
    request: RestRequest, routine: Function, reader: SelectBuilder
) -> tuple[Composable, Composable, str]:
    """Compose the result's rows, their number without the limit, and the header line of CSV."""
    node, origin = request.query.root, SQL("called")
    table = routine.gives
    if table is None:
        value = Table(routine.name, {})
        limit = MAX_ROWS if node.limit is None else min(node.limit, MAX_ROWS)
        values: Composable = SQL("select value from called limit {} offset {}").format(
            reader.values.add(limit), reader.values.add(node.offset)
        )
        return values, plan.total(request, reader, value, origin), "value"
    rows = reader.rows(node, reader.source(table, node), origin)
    return rows, plan.total(request, reader, table, origin), plan.header(reader, node, table)


def _typed(name: str, routine: Function) -> Composable:
    return SQL("{} {}").format(identifier(name), identifier(*routine.parameters[name]))


def _none(name: str, names: frozenset[str]) -> RestError:
    listed = ", ".join(sorted(names))
    arguments = f"({listed})" if names else " without parameters"
    searched = f"parameter{'s' if len(names) > 1 else ''} {listed}" if names else "no parameters"
    return RestError(
        404,
        "PGRST202",
        f"Could not find the function public.{name}{arguments} in the schema cache",
        details=(
            f"Searched for the function public.{name} with {searched}, but no matches were found"
            " in the schema cache."
        ),
    )


def _signature(function: Function) -> str:
    arguments = ", ".join(f"{name} => {of[1]}" for name, of in function.parameters.items())
    return f"public.{function.name}({arguments})"


def _several(fitting: list[Function]) -> RestError:
    candidates = ", ".join(map(_signature, fitting))
    return RestError(
        300,
        "PGRST203",
        f"Could not choose the best candidate function between: {candidates}",
        hint=(
            "Try renaming the parameters or the function itself in the database so function"
            " overloading can be resolved"
        ),
    )
