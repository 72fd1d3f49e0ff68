"""playground-chat request, response and stream events."""

from typing import Annotated, Literal
from uuid import UUID

from shared.contracts.base import Contract
from shared.contracts.text import Text

ChatModel = Literal["qwen_base", "qwen_instruct"]
"""The base model continues a text; the instruct model is trained for conversations."""


MAX_MESSAGE_CHARACTERS = 4000


class PlaygroundChatRequest(Contract):
    """``POST /playground-chat``."""

    message: Annotated[str, Text(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)]
    conversation_id: UUID | None = None
    """The conversation to continue; without it, a new one starts."""
    model_type: ChatModel = "qwen_instruct"
    long_response: bool = False
    """Whether to allow a longer response, with a longer timeout."""


class ChatMetadata(Contract):
    """How a response was generated."""

    model_used: str
    """The name of the model on the chat server."""
    response_time_ms: int
    template_used: str
    tokens: int | None
    """Tokens of the response as the server counts them; None if it does not report them."""
    finish_reason: str
    """The server's finish reason: ``stop``, or ``length`` if the response was cut off."""


class PlaygroundChatResponse(Contract):
    """The model's response, which is stored. In a stream, the data of ``event: done``."""

    success: bool = True
    response: str
    conversation_id: UUID
    metadata: ChatMetadata


class ChatDelta(Contract):
    """``event: message`` of a streamed response: the next piece of its text."""

    delta: str
    conversation_id: UUID


class ChatError(Contract):
    """``event: error``, the last event of a stream: the fields of an error response."""

    success: bool = False
    error: str
    code: str
    details: list[dict[str, str]]
