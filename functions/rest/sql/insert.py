"""Composes INSERT and upsert statements, and the columns that a body names."""

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

# An upsert adds one for each row of the body and subtracts one for each row that it updates
# instead, which leaves the number of inserted rows.
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
"""Number of rows that an upsert inserted; null if the body had none."""


def written(
    request: RestRequest, body: Body, values: SqlParams, target: TableScope, returning: Composable
) -> Composable:
    """Compose the common table expression ``written``.

    It has one INSERT for each set of columns that the rows name.
    """
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
    """Whether a row that conflicts with an existing one updates it."""
    resolution = request.prefer.chosen.get("resolution")
    return resolution == "merge-duplicates" and bool(_conflicting(request, table))


def names(request: RestRequest, body: Body, table: Table) -> tuple[str, ...]:
    """Return the columns that a request writes.

    Raises:
        RestError: PGRST102 if the rows have different keys, PGRST204 for an unknown column.
    """
    columns = request.query.columns
    if columns is None:
        if len(set(body.keys)) > 1:
            raise errors.bad_body("All object keys must match")
        columns = tuple(sorted(body.keys[0])) if body.keys else ()
    for name in columns:
        if name not in table.columns:
            raise errors.unknown_body_column(table.name, name)
    return columns


def typed(columns: Sequence[str], table: Table) -> Composable:
    """Compose columns with their types, as the column list of ``json_to_record``."""
    return _COMMA.join(
        SQL("{} {}").format(identifier(name), identifier(*table.columns[name].type))
        for name in columns
    )


def _shapes(request: RestRequest, body: Body, table: Table) -> dict[tuple[str, ...], list[int]]:
    """Group rows that name the same columns; returns their positions, from 1, by columns."""
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
    """Return the columns of ``on conflict``, if requested. Raises RestError (42703)."""
    if "resolution" not in request.prefer.chosen:
        return ()
    if request.query.on_conflict is None:
        return table.key
    return tuple(table.column(name).name for name in request.query.on_conflict)


def _listed(columns: Sequence[str]) -> Composable:
    return _COMMA.join(map(identifier, columns))
