"""Inserts and upserts; which columns a body names."""

from collections.abc import Sequence

from psycopg.sql import SQL, Composable

from functions.rest import errors
from functions.rest.request.request import Body, RestRequest
from functions.rest.schema.catalog import Table
from functions.rest.sql import expressions
from functions.rest.sql.expressions import SqlParams, TableScope, identifier

_COMMA = SQL(", ")
_NOTHING = SQL("")
_MAX_SHAPES = 64

# Each row that comes is counted, and each that is updated instead is taken off again: so an upsert
# knows whether it inserted anything.
_COUNT_UP = SQL(
    "set_config('rest.inserted',"
    " (coalesce(nullif(current_setting('rest.inserted', true), ''), '0')::int + 1)::text, true)"
    " is not null"
)
_COUNT_DOWN = SQL(
    "set_config('rest.inserted',"
    " (current_setting('rest.inserted')::int - 1)::text, true) is not null"
)
COUNTED = SQL("nullif(current_setting('rest.inserted', true), '')::int")
"""How many of an upsert's rows are new; null where there was none at all."""


def written(
    request: RestRequest, body: Body, values: SqlParams, target: TableScope, returning: Composable
) -> Composable:
    """The insert, as ``written``; one for each set of columns that the rows name."""
    shapes = _shapes(request, body, target.table)
    rows = values.add(body.rows)
    parts = []
    for nth, (columns, places) in enumerate(shapes.items()):
        some = values.add(expressions.array([*map(str, places)])) if len(shapes) > 1 else None
        insert = _insert(request, target, columns, rows, some) + returning
        parts.append(SQL("{} as ({})").format(identifier(f"w{nth}"), insert))
    expression = SQL(" union all ").join(
        SQL("select * from {}").format(identifier(f"w{nth}")) for nth in range(len(parts))
    )
    return _COMMA.join([*parts, SQL("written as ({})").format(expression)])


def merges(request: RestRequest, table: Table) -> bool:
    """Whether a row that is there already is updated instead."""
    resolution = request.prefer.chosen.get("resolution")
    return resolution == "merge-duplicates" and bool(_conflicting(request, table))


def names(request: RestRequest, body: Body, table: Table) -> tuple[str, ...]:
    """The columns that are written. Raises RestError: PGRST102, PGRST204."""
    wanted = request.query.columns
    if wanted is None:
        if len(set(body.keys)) > 1:
            raise errors.bad_body("All object keys must match")
        wanted = tuple(sorted(body.keys[0])) if body.keys else ()
    for name in wanted:
        if name not in table.columns:
            raise errors.unknown_body_column(table.name, name)
    return wanted


def typed(columns: Sequence[str], table: Table) -> Composable:
    """Columns with their types, as a record is read from JSON."""
    return _COMMA.join(
        SQL("{} {}").format(identifier(name), identifier(*table.columns[name].type))
        for name in columns
    )


def _shapes(request: RestRequest, body: Body, table: Table) -> dict[tuple[str, ...], list[int]]:
    """The places of the rows that name the same columns, from 1."""
    columns = names(request, body, table)
    if request.prefer.chosen.get("missing") != "default" or not body.keys:
        return {columns: []}
    shapes: dict[tuple[str, ...], list[int]] = {}
    for place, keys in enumerate(body.keys, start=1):
        shapes.setdefault(tuple(name for name in columns if name in keys), []).append(place)
    if len(shapes) > _MAX_SHAPES:
        message = f"At most {_MAX_SHAPES} different sets of keys are inserted at once"
        raise errors.bad_body(message)
    return shapes


def _insert(
    request: RestRequest,
    target: TableScope,
    columns: tuple[str, ...],
    rows: Composable,
    some: Composable | None,
) -> Composable:
    merging = merges(request, target.table)
    parts: list[Composable] = [SQL("nth = any({}::bigint[])").format(some)] if some else []
    parts += [_COUNT_UP] if merging else []
    source = SQL("json_array_elements({}::json) with ordinality as elements (content, nth)")
    expression = SQL(", json_to_record(content) as given ({})").format(typed(columns, target.table))
    return SQL("insert into {} as {}{} select {} from {}{}{}{}").format(
        identifier("public", target.table.name),
        target.alias,
        SQL(" ({})").format(_listed(columns)) if columns else _NOTHING,
        _COMMA.join(SQL("given.{}").format(identifier(name)) for name in columns),
        source.format(rows),
        expression if columns else _NOTHING,
        SQL(" where ") + SQL(" and ").join(parts) if parts else _NOTHING,
        _on_conflict(request, target.table, columns),
    )


def _on_conflict(request: RestRequest, table: Table, columns: tuple[str, ...]) -> Composable:
    key = _conflicting(request, table)
    if not key:
        return _NOTHING
    if not columns or not merges(request, table):
        return SQL(" on conflict ({}) do nothing").format(_listed(key))
    return SQL(" on conflict ({}) do update set {} where {}").format(
        _listed(key),
        _COMMA.join(SQL("{0} = excluded.{0}").format(identifier(name)) for name in columns),
        _COUNT_DOWN,
    )


def _conflicting(request: RestRequest, table: Table) -> tuple[str, ...]:
    """The columns of which two rows may not have the same. Raises RestError (42703)."""
    if "resolution" not in request.prefer.chosen:
        return ()
    if request.query.on_conflict is None:
        return table.key
    return tuple(table.column(name).name for name in request.query.on_conflict)


def _listed(columns: Sequence[str]) -> Composable:
    return _COMMA.join(map(identifier, columns))
