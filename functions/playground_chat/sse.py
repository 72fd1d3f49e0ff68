"""An answer as server-sent events, told as it comes."""

from collections.abc import AsyncGenerator
from types import TracebackType

from pydantic import BaseModel

from functions.playground_chat.conversation import Turn
from functions.playground_chat.reply import Reply
from shared.contracts.chat import ChatDelta, ChatError
from shared.errors import ApiError
from shared.http import HttpRequest

MEDIA_TYPE = "text/event-stream"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""The latter keeps a proxy from collecting what is to be told at once."""


def accepts_event_stream(call: HttpRequest) -> bool:
    """Whether the client asks for a stream."""
    accepted = call.headers.get("accept", "").lower().split(",")
    return any(one.partition(";")[0].strip() == MEDIA_TYPE for one in accepted)


class ReplyStream(AsyncGenerator[bytes, None]):
    """The events of a reply.

    A generator would do, but that closing one which was never begun does nothing: here the model
    stops in any case, and closing ends only when what it had said is stored.
    """

    def __init__(self, turn: Turn, reply: Reply) -> None:
        self._reply = reply
        self._events = _events(turn, reply)

    async def asend(self, value: None) -> bytes:
        """The next event."""
        return await self._events.asend(value)

    async def athrow(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
    ) -> bytes:
        """End with an error."""
        error = typ if isinstance(typ, BaseException) else typ(val)
        return await self._events.athrow(error.with_traceback(tb))

    async def aclose(self) -> None:
        """The client has read all, or gone away."""
        await self._events.aclose()
        await self._reply.cancel()


async def _events(turn: Turn, reply: Reply) -> AsyncGenerator[bytes, None]:
    async for piece in reply.chunks():
        delta = ChatDelta(delta=piece, conversation_id=turn.conversation_id)
        yield _event("message", delta)
    try:
        yield _event("done", await reply.result())
    except ApiError as problem:
        yield _event("error", _to_error(problem))


def _to_error(problem: ApiError) -> ChatError:
    return ChatError(error=problem.message, code=problem.error_code, details=problem.details)


def _event(name: str, data: BaseModel) -> bytes:
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n".encode()
