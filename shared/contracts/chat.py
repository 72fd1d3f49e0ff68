"""Talking to a language model."""

from typing import Annotated
from uuid import UUID

from shared.contracts.base import Contract
from shared.contracts.language_models import ChatModel
from shared.contracts.text import Text

MAX_MESSAGE_CHARACTERS = 4000


class PlaygroundChatRequest(Contract):
    """``POST /playground-chat``."""

    message: Annotated[str, Text(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)]
    conversation_id: UUID | None = None
    """Where it goes on; without it, a conversation begins."""
    model_type: ChatModel = "qwen_instruct"
    long_response: bool = False
    """Waits longer, and for more."""


class ChatMetadata(Contract):
    """How an answer came about."""

    model_used: str
    """As the chat server calls it."""
    response_time_ms: int
    template_used: str
    tokens: int | None
    """Of the answer, as the server counts them; None where it does not tell."""
    finish_reason: str
    """The server's own: ``stop``, or ``length`` where the answer was cut at its greatest length."""


class PlaygroundChatResponse(Contract):
    """The model's answer; it is stored. As a stream, the data of its ``event: done``."""

    success: bool = True
    response: str
    conversation_id: UUID
    metadata: ChatMetadata


class ChatDelta(Contract):
    """``event: message`` of a streamed answer: what follows what was told before."""

    delta: str
    conversation_id: UUID


class ChatError(Contract):
    """``event: error``, the last of a stream: what every error's answer says."""

    success: bool = False
    error: str
    code: str
    details: list[dict[str, str]]
