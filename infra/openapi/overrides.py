"""Operations that cannot be derived from handler types."""

from infra.openapi import sse_schemas
from infra.openapi.rest_operations import TABLES
from infra.openapi.storage_operations import STORAGE
from infra.openapi.types import BEARER, IDEMPOTENCY_KEY, TICKET, Json, Operation, Response
from shared.contracts.admin import GenerateAdminImageRequest, GenerateAdminImageResponse
from shared.contracts.chat import PlaygroundChatRequest, PlaygroundChatResponse
from shared.contracts.events import EventTicket

_TEXT: Json = {"type": "string"}


def _query(name: str, description: str, schema: Json = _TEXT) -> Json:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_ADMIN_IMAGE = Operation(
    method="POST",
    reads=GenerateAdminImageRequest,
    parameters=(IDEMPOTENCY_KEY,),
    answers={
        200: Response("The picture is ready.", (GenerateAdminImageResponse,)),
        202: Response("The job is still running.", (GenerateAdminImageResponse,)),
    },
)

_CHAT = Operation(
    method="POST",
    reads=PlaygroundChatRequest,
    answers={
        200: Response(
            "The model's reply, complete or streamed.", (PlaygroundChatResponse,), sse_schemas.CHAT
        )
    },
    description=(
        "With `Accept: text/event-stream` the response is streamed: `event: message` with a"
        " ChatDelta, then one `event: done` with a PlaygroundChatResponse or `event: error` with a"
        " ChatError."
    ),
)

_LISTEN = Operation(
    method="GET",
    parameters=(
        _query("jobId", "Only events of this job.", {"type": "string", "format": "uuid"}),
        _query("lastEventId", "The id of the last received event: the stream continues after it."),
        {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "The same, as an EventSource sends it; it precedes the query.",
            "schema": {"type": "string", "pattern": "^[ -~]*$"},
        },
    ),
    security=(BEARER, TICKET),
    answers={200: Response("A stream, until the token expires.", content=sse_schemas.JOBS)},
    description=(
        "`event: ready` comes first; then `event: change` with a Change, `event: progress` with a"
        " Progress, and `event: reset` if missed events are no longer stored."
    ),
)

_TICKET = Operation(
    method="POST",
    answers={200: Response("A ticket that opens one stream.", (EventTicket,))},
    description="For a browser's EventSource, which cannot send headers.",
)

DECLARED: dict[str, list[Operation]] = {
    "generate-admin-image": [_ADMIN_IMAGE],
    "playground-chat": [_CHAT],
    "job-events": [_LISTEN, _TICKET],
    "rest": TABLES,
    "storage": STORAGE,
}
