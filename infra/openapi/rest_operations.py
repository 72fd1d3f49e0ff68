"""Table and RPC operations of ``rest``: the supported part of PostgREST's API."""

from functions.rest.errors import DatabaseProblem
from infra.openapi.types import Json, Operation, Response

_TEXT: Json = {"type": "string"}
_COUNT: Json = {"type": "integer", "minimum": 0, "maximum": 10**9 - 1}
_ROW: Json = {"type": "object"}
_ROWS: Json = {"type": "array", "items": _ROW}
_RANGE = {"Content-Range": _TEXT}
_REFUSALS = {
    300: "The relationship (PGRST201) or function (PGRST203) is ambiguous.",
    400: "The query is malformed (PGRST1..), refused by the database (22..., 23..., 42...), or"
    " exceeds a limit (54000, 54001, 2201B).",
    401: "The credential is missing or invalid (PGRST301, 302, 303), or a user is needed (42501).",
    403: "Permission denied, by a grant or by row-level security (42501).",
    404: "The table (PGRST205) or function (PGRST202, 42883) does not exist.",
    405: "A GET must not call a function that writes (25006).",
    406: "The result is not one row (PGRST116), or the schema (PGRST106) or media type (PGRST107)"
    " is not supported.",
    409: "The row exists already (23505), a row that it references does not exist (23503), or the"
    " user has too many rows (PT409).",
    413: "The body is larger than 1 MiB (PGRST102).",
    416: "The range is not satisfiable (PGRST103).",
    500: "An internal error (PGRSTX00).",
    503: "The database is unavailable (PGRST000), or a row is locked (55P03); retry.",
    504: "The query took too long (57014).",
}
_ANY_ERROR: Json = {
    "anyOf": [
        {"$ref": "#/components/schemas/DatabaseProblem"},
        {"$ref": "#/components/schemas/Problem"},
    ]
}
"""The gateway responds to paths without a function, with its own error schema."""

_REFUSED = {
    **{status: Response(text, (DatabaseProblem,)) for status, text in _REFUSALS.items()},
    404: Response(_REFUSALS[404], content={"application/json": _ANY_ERROR}),
}


def _parameter(location: str, name: str, description: str, schema: Json = _TEXT) -> Json:
    parameter = {"name": name, "in": location, "description": description, "schema": schema}
    return {**parameter, "required": True} if location == "path" else parameter


_TABLE = _parameter(
    "path", "table", "A table of the database.", {"type": "string", "pattern": "^[a-z_]+$"}
)
_FUNCTION = _parameter(
    "path", "function", "A function of the database.", {"type": "string", "pattern": "^[a-z_]+$"}
)
_FILTERS: Json = {
    **_parameter(
        "query",
        "filters",
        "`column=operator.value`, `or=(...)`, `and=(...)`; operators: eq, neq, gt, gte, lt, lte,"
        " like, ilike, match, imatch, is, in, cs, cd, ov, fts and similar; `not.` before"
        " an operator negates it.",
        {"type": "object", "additionalProperties": _TEXT},
    ),
    "style": "form",
    "explode": True,
}
_SELECT = _parameter(
    "query",
    "select",
    "Columns, separated by commas: `alias:column::type`, `json->key`, `table!key!inner(columns)`;"
    " `*` is every column that the caller may read.",
)
_SHAPING = (
    _SELECT,
    _parameter(
        "query", "order", "Columns, each with `.asc`, `.desc`, `.nullsfirst`, `.nullslast`."
    ),
    _parameter("query", "limit", "The maximum number of rows, up to 1000.", _COUNT),
    _parameter("query", "offset", "The number of rows to skip.", _COUNT),
)
_PREFER = _parameter(
    "header",
    "Prefer",
    "`count=exact`, `return=representation`, `return=headers-only`,"
    " `resolution=merge-duplicates`, `resolution=ignore-duplicates`, `missing=default`,"
    " `handling=strict`, `max-affected=10`.",
    {"type": "string", "pattern": "^[ -~]*$"},
)
_COLUMNS = _parameter("query", "columns", "The columns of the body to write; others are ignored.")
_CONFLICT = _parameter(
    "query", "on_conflict", "The unique columns by which a row counts as existing."
)
_BODY: dict[str, Json] = {"application/json": {"anyOf": [_ROW, _ROWS]}}


def _operation(
    method: str,
    path: str,
    parameters: tuple[Json, ...],
    answers: dict[int, Response],
    body: dict[str, Json] | None = None,
) -> Operation:
    return Operation(
        method=method,
        path=path,
        parameters=(*parameters, _PREFER),
        answers={**answers, **_REFUSED},
        body=body or {},
    )


def _rows(description: str, schema: Json = _ROWS) -> Response:
    return Response(description, content={"application/json": schema}, headers=_RANGE)


_HEADERS_ONLY = {
    200: Response("The rows exist.", headers=_RANGE),
    206: Response("Only some of the rows."),
}
_READ = {200: _rows("The rows."), 206: _rows("Some of the rows, if they are counted.")}
_RESULT = {
    200: _rows("The function's result.", {}),
    204: Response("The function returns nothing."),
    206: _rows("Some of the function's rows, if they are counted."),
}
_CHANGED = {200: _rows("The rows after the change."), 204: Response("Done.", headers=_RANGE)}
_OF_TABLES = (_TABLE, *_SHAPING, _FILTERS)
_OF_FUNCTIONS = (_FUNCTION, *_SHAPING, _FILTERS)

TABLES = [
    _operation("GET", "/{table}", _OF_TABLES, _READ),
    _operation("HEAD", "/{table}", _OF_TABLES, _HEADERS_ONLY),
    _operation(
        "POST",
        "/{table}",
        (_TABLE, _SELECT, _COLUMNS, _CONFLICT),
        {
            200: Response("All rows existed, and were updated."),
            201: Response("The rows were inserted.", headers={**_RANGE, "Location": _TEXT}),
        },
        _BODY,
    ),
    _operation("PATCH", "/{table}", (_TABLE, _SELECT, _COLUMNS, _FILTERS), _CHANGED, _BODY),
    _operation("DELETE", "/{table}", (_TABLE, _SELECT, _FILTERS), _CHANGED),
    _operation("GET", "/rpc/{function}", _OF_FUNCTIONS, _RESULT),
    _operation(
        "HEAD",
        "/rpc/{function}",
        _OF_FUNCTIONS,
        {**_HEADERS_ONLY, 204: Response("The function returns nothing.")},
    ),
    _operation("POST", "/rpc/{function}", _OF_FUNCTIONS, _RESULT, {"application/json": _ROW}),
]
