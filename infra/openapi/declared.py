"""What the types of a handler that takes ``Call`` do not say."""

from functions.storage.links import SignAnswer, SignRequest
from infra.openapi import streams
from infra.openapi.operation import (
    BEARER,
    IDEMPOTENCY_KEY,
    SIGNED,
    TICKET,
    Answer,
    Json,
    Operation,
)
from shared.contracts.admin import GenerateAdminImageRequest, GenerateAdminImageResponse
from shared.contracts.chat import PlaygroundChatRequest, PlaygroundChatResponse
from shared.contracts.events import EventTicket

_TEXT: Json = {"type": "string"}


def _query(name: str, description: str, schema: Json = _TEXT) -> Json:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _path(name: str, description: str, schema: Json) -> Json:
    place = {"name": name, "in": "path", "required": True}
    return {**place, "description": description, "schema": schema}


_ADMIN_IMAGE = Operation(
    method="POST",
    reads=GenerateAdminImageRequest,
    parameters=(IDEMPOTENCY_KEY,),
    answers={
        200: Answer("The picture is there.", (GenerateAdminImageResponse,)),
        202: Answer("It takes longer; the job goes on.", (GenerateAdminImageResponse,)),
    },
)

_CHAT = Operation(
    method="POST",
    reads=PlaygroundChatRequest,
    answers={
        200: Answer(
            "The model's answer, whole or as it comes.", (PlaygroundChatResponse,), streams.CHAT
        )
    },
    description=(
        "With `Accept: text/event-stream` the answer is told as it comes: `event: message` with a"
        " ChatDelta, then one `event: done` with a PlaygroundChatResponse or `event: error` with a"
        " ChatProblem."
    ),
)

_LISTEN = Operation(
    method="GET",
    parameters=(
        _query("jobId", "Tell of this job alone.", {"type": "string", "format": "uuid"}),
        _query("lastEventId", "The id of the last event that was heard: the stream goes on there."),
        {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "The same, as an EventSource sends it; it goes before the query's.",
            "schema": {"type": "string", "pattern": "^[ -~]*$"},
        },
    ),
    security=(BEARER, TICKET),
    answers={200: Answer("A stream, while the token lasts.", content=streams.JOBS)},
    description=(
        "`event: ready` comes first; then `event: change` with a Change, `event: progress` with a"
        " Progress, and `event: reset` where what was missed is not kept any more."
    ),
)

_TICKET = Operation(
    method="POST",
    answers={200: Answer("A ticket that opens one stream.", (EventTicket,))},
    description="For a browser's EventSource, which sends no header.",
)

_READING = (
    _path("table", "A table of the database.", {"type": "string", "pattern": "^[a-z_]+$"}),
    _query("select", "Columns, with commas between; `*` is all that may be read."),
    _query("order", "Columns, each with `.asc`, `.desc`, `.nullsfirst` or `.nullslast`."),
    _query("limit", "Rows, 1000 at most.", {"type": "integer", "minimum": 0, "maximum": 10**9 - 1}),
    _query("offset", "Rows to leave out.", {"type": "integer", "minimum": 0, "maximum": 10**9 - 1}),
    {
        "name": "filters",
        "in": "query",
        "description": "`column=operator.value`; operators: eq, neq, gt, gte, lt, lte, is.",
        "style": "form",
        "explode": True,
        "schema": {"type": "object", "additionalProperties": _TEXT},
    },
)
_RANGE = {"Content-Range": _TEXT}
_ROWS: Json = {"type": "array", "items": {"type": "object"}}

_BUCKET = _path(
    "bucket", "By its public name.", {"type": "string", "enum": ["workspace-temp", "user-library"]}
)
_OBJECT = (
    _BUCKET,
    _path("path", "The object's, its slashes as they are.", {**_TEXT, "minLength": 1}),
)
_TOKEN = _query("token", "Of the signed address.")
_THERE = {302: Answer("It is at the bucket's own signed address.", headers={"Location": _TEXT})}


def _fetching(method: str) -> list[Operation]:
    plain = ("/object/{bucket}/{path}", "/object/authenticated/{bucket}/{path}")
    signed = Operation(
        method, _THERE, "/object/sign/{bucket}/{path}", None, (*_OBJECT, _TOKEN), (SIGNED,)
    )
    return [*(Operation(method, _THERE, path, None, _OBJECT) for path in plain), signed]


DECLARED: dict[str, list[Operation]] = {
    "generate-admin-image": [_ADMIN_IMAGE],
    "playground-chat": [_CHAT],
    "job-events": [_LISTEN, _TICKET],
    "rest": [
        Operation(
            method="GET",
            path="/{table}",
            parameters=_READING,
            answers={200: Answer("The rows.", content={"application/json": _ROWS}, headers=_RANGE)},
        ),
        Operation(
            method="HEAD",
            path="/{table}",
            parameters=_READING,
            answers={200: Answer("That they are there.", headers=_RANGE)},
        ),
    ],
    "storage": [
        Operation(
            method="POST",
            path="/object/sign/{bucket}/{path}",
            parameters=_OBJECT,
            reads=SignRequest,
            answers={200: Answer("The address, for whoever holds it.", (SignAnswer,))},
        ),
        *_fetching("GET"),
        *_fetching("HEAD"),
    ],
}
