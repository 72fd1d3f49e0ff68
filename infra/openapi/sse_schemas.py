"""Schemas of server-sent events; the data of each is a model's JSON."""

from pydantic import BaseModel

from infra.openapi.types import Json
from shared.contracts.chat import ChatDelta, ChatError, PlaygroundChatResponse
from shared.contracts.events import Change, Progress

MEDIA_TYPE = "text/event-stream"
STREAMED_MODELS: tuple[type[BaseModel], ...] = (
    Change,
    Progress,
    ChatDelta,
    PlaygroundChatResponse,
    ChatError,
)

_NOTHING: Json = {"type": "object", "maxProperties": 0}


def _event(name: str, data: type[BaseModel] | None, *, has_id: bool = False) -> Json:
    content = {"$ref": f"#/components/schemas/{data.__name__}"} if data else _NOTHING
    text = {"type": "string", "contentMediaType": "application/json", "contentSchema": content}
    fields: Json = {"event": {"const": name}, "data": text}
    if has_id:
        fields["id"] = {"type": "string", "pattern": "^[0-9]+-[0-9]+$"}
    return {"type": "object", "properties": fields, "required": list(fields)}


def _stream(*events: Json) -> dict[str, Json]:
    """Return the schema of a stream; before OpenAPI 3.2 that is the schema of one event."""
    return {MEDIA_TYPE: {"oneOf": list(events)}}


JOBS = _stream(
    _event("ready", None, has_id=True),
    _event("reset", None, has_id=True),
    _event("change", Change, has_id=True),
    _event("progress", Progress),
)
CHAT = _stream(
    _event("message", ChatDelta),
    _event("done", PlaygroundChatResponse),
    _event("error", ChatError),
)
