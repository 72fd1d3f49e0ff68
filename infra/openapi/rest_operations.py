"""Table and RPC operations of ``rest``: the supported part of PostgREST's API."""

from functions.rest.errors import DatabaseProblem
from infra.openapi.types import Json, Operation, Response

_TEXT: Json = {"type": "string"}
_COUNT: Json = {"type": "integer", "minimum": 0, "maximum": 10**9 - 1}
_ROW: Json = {"type": "object"}
_ROWS: Json = {"type": "array", "items": _ROW}
_RANGE = {"Content-Range": _TEXT}
_REFUSALS = {
    300: "Several relationships (PGRST201) or functions (PGRST203) are meant.",
    400: "Not in the language (PGRST1..), refused by the database (22..., 23..., 42...), or more"
    " than one query may ask for (54000, 54001, 2201B).",
    401: "No or no good credential (PGRST301, 302, 303), or not for the anonymous (42501).",
    403: "Not granted, or not by row-level security (42501).",
    404: "No such table (PGRST205) or function (PGRST202, 42883).",
    405: "A GET that would write (25006).",
    406: "Not one row (PGRST116), another schema (PGRST106) or media type (PGRST107).",
    409: "There is one already (23505), what is referred to is not there (23503), or the limit of"
    " the user's rows is reached (PT409).",
    413: "The body is larger than 1 MiB (PGRST102).",
    416: "No such range (PGRST103).",
    500: "Something went wrong here (PGRSTX00).",
    503: "The database is unavailable (PGRST000), or a lock is held (55P03): try again.",
    504: "It took too long (57014).",
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
        " like, ilike, match, imatch, is, in, cs, cd, ov, fts and their kin, each with `not.`"
        " before.",
        {"type": "object", "additionalProperties": _TEXT},
    ),
    "style": "form",
    "explode": True,
}
_SELECT = _parameter(
    "query",
    "select",
    "Columns, with commas between: `alias:column::type`, `json->key`, `table!key!inner(columns)`;"
    " `*` is all that may be read.",
)
_SHAPING = (
    _SELECT,
    _parameter(
        "query", "order", "Columns, each with `.asc`, `.desc`, `.nullsfirst`, `.nullslast`."
    ),
    _parameter("query", "limit", "Rows, 1000 at most.", _COUNT),
    _parameter("query", "offset", "Rows to leave out.", _COUNT),
)
_PREFER = _parameter(
    "header",
    "Prefer",
    "`count=exact`, `return=representation`, `return=headers-only`,"
    " `resolution=merge-duplicates`, `resolution=ignore-duplicates`, `missing=default`,"
    " `handling=strict`, `max-affected=10`.",
    {"type": "string", "pattern": "^[ -~]*$"},
)
_COLUMNS = _parameter("query", "columns", "The columns that are written, of those in the body.")
_CONFLICT = _parameter("query", "on_conflict", "The columns by which a row is there already.")
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


_SEEN = {200: Response("The rows exist.", headers=_RANGE), 206: Response("Not all of them.")}
_READ = {200: _rows("The rows."), 206: _rows("Some of the rows, where they are counted.")}
_GIVEN = {
    200: _rows("The function's result.", {}),
    204: Response("It gives nothing."),
    206: _rows("Some of the rows that it gives, where they are counted."),
}
_CHANGED = {200: _rows("The rows as they are now."), 204: Response("Done.", headers=_RANGE)}
_OF_TABLES = (_TABLE, *_SHAPING, _FILTERS)
_OF_FUNCTIONS = (_FUNCTION, *_SHAPING, _FILTERS)

TABLES = [
    _operation("GET", "/{table}", _OF_TABLES, _READ),
    _operation("HEAD", "/{table}", _OF_TABLES, _SEEN),
    _operation(
        "POST",
        "/{table}",
        (_TABLE, _SELECT, _COLUMNS, _CONFLICT),
        {
            200: Response("All of them were there already; they are updated."),
            201: Response("They are there now.", headers={**_RANGE, "Location": _TEXT}),
        },
        _BODY,
    ),
    _operation("PATCH", "/{table}", (_TABLE, _SELECT, _COLUMNS, _FILTERS), _CHANGED, _BODY),
    _operation("DELETE", "/{table}", (_TABLE, _SELECT, _FILTERS), _CHANGED),
    _operation("GET", "/rpc/{function}", _OF_FUNCTIONS, _GIVEN),
    _operation(
        "HEAD", "/rpc/{function}", _OF_FUNCTIONS, {**_SEEN, 204: Response("It gives nothing.")}
    ),
    _operation("POST", "/rpc/{function}", _OF_FUNCTIONS, _GIVEN, {"application/json": _ROW}),
]
