"""Streams a reply as server-sent events."""

from collections.abc import AsyncGenerator
from types import TracebackType

from functions.playground_chat.conversation import Turn
from functions.playground_chat.reply import Reply
from shared.contracts.chat import ChatDelta, ChatError
from shared.errors import ApiError
from shared.http import HttpRequest
from shared.http.sse import MEDIA_TYPE, encode_event


def accepts_event_stream(call: HttpRequest) -> bool:
    """Whether the ``Accept`` header names ``text/event-stream``."""
    accepted = call.headers.get("accept", "").lower().split(",")
    return any(value.partition(";")[0].strip() == MEDIA_TYPE for value in accepted)


class ReplyStream(AsyncGenerator[bytes, None]):
    """The events of a reply: ``message`` for each part, then ``done`` or ``error``.

    A plain generator is not enough, since closing one that has not started does nothing. Closing
    this one always stops the model, and waits until what it has written is stored.
    """

    def __init__(self, turn: Turn, reply: Reply) -> None:
        self._reply = reply
        self._events = _events(turn, reply)

    async def asend(self, value: None) -> bytes:
        """Return the next event."""
        return await self._events.asend(value)

    async def athrow(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
    ) -> bytes:
        """Raise an error in the stream, which ends it."""
        error = typ if isinstance(typ, BaseException) else typ(val)
        return await self._events.athrow(error.with_traceback(tb))

    async def aclose(self) -> None:
        """End the stream: the client has read everything, or has disconnected."""
        await self._events.aclose()
        await self._reply.cancel()


async def _events(turn: Turn, reply: Reply) -> AsyncGenerator[bytes, None]:
    async for piece in reply.chunks():
        delta = ChatDelta(delta=piece, conversation_id=turn.conversation_id)
        yield encode_event("message", delta.model_dump_json())
    try:
        yield encode_event("done", (await reply.result()).model_dump_json())
    except ApiError as problem:
        error = ChatError(error=problem.message, code=problem.error_code, details=problem.details)
        yield encode_event("error", error.model_dump_json())
