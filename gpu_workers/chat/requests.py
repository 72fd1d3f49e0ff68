"""OpenAI request models; unknown fields are ignored."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from gpu_workers.chat.errors import ApiError, invalid

_SEED = 2**63
_MESSAGES = 200
_STOPS = 4


def _joined(content: object) -> object:
    """Join text parts with line breaks."""
    if not isinstance(content, list):
        return content
    texts = [_text(part) for part in content]
    return "\n".join(texts)


def _text(part: object) -> str:
    match part:
        case {"type": "text", "text": str(text)}:
            return text
    raise PydanticCustomError("text_part", "Each part must be of type text, with a text")


def _listed(stop: object) -> object:
    if stop is None:
        return []
    return [stop] if isinstance(stop, str) else stop


class _RequestModel(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class Message(_RequestModel):
    """One message of the conversation."""

    role: Literal["system", "user", "assistant"]
    content: Annotated[str, BeforeValidator(_joined)]


class StreamOptions(_RequestModel):
    """Options of a streamed response."""

    include_usage: bool | None = None


class ChatRequest(_RequestModel):
    """The body of ``POST /v1/chat/completions``; null counts as absent."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=_MESSAGES)]
    model: Annotated[str, Field(max_length=200)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    """The newer name of ``max_tokens``; takes precedence."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    stop: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=256)]],
        BeforeValidator(_listed),
        Field(max_length=_STOPS),
    ] = []
    seed: Annotated[int, Field(ge=-_SEED, lt=_SEED)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = None

    @property
    def with_usage(self) -> bool:
        """Whether a stream ends with the token counts."""
        return bool(self.stream_options and self.stream_options.include_usage)


def read(body: bytes) -> ChatRequest:
    """Parse and validate a request body.

    Raises:
        ApiError: 400 with the name of the first invalid field, without its value.
    """
    try:
        return ChatRequest.model_validate_json(body)
    except ValidationError as error:
        raise _refused(error) from None


def _refused(error: ValidationError) -> ApiError:
    first: Any = error.errors(include_input=False, include_context=False, include_url=False)[0]
    param = _param(first["loc"])
    if first["type"] == "json_invalid":
        return invalid("The body is not JSON.", code="invalid_json")
    if first["type"] == "missing":
        message = f"{param} is missing."
        return invalid(message, code="missing_required_parameter", param=param)
    return invalid(f"{param or 'The body'}: {first['msg']}.", param=param)


def _param(location: tuple[str | int, ...]) -> str | None:
    """Format the location of a field as the protocol does: ``messages[0].content``."""
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in location)
    return "".join(parts).removeprefix(".") or None
