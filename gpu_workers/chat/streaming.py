"""Stream a reply as server-sent events."""

from collections.abc import AsyncIterator

from gpu_workers.chat.errors import ApiError
from gpu_workers.chat.generation import Generation
from gpu_workers.chat.responses import DONE, CompletionEnvelope, event


async def events(
    envelope: CompletionEnvelope,
    reply: Generation,
    first: str,
    pieces: AsyncIterator[str],
    *,
    with_usage: bool,
) -> AsyncIterator[str]:
    """Yield the events of a stream: the role, the text, the finish reason and the end.

    Args:
        envelope: the fields that all events share.
        reply: the generation, for its finish reason and usage.
        first: the first piece of the text; may be empty.
        pieces: the rest of the text.
        with_usage: whether the token counts are sent before the end.
    """
    yield envelope.chunk({"role": "assistant", "content": ""}, with_usage=with_usage)
    if first:
        yield envelope.chunk({"content": first}, with_usage=with_usage)
    try:
        async for piece in pieces:
            yield envelope.chunk({"content": piece}, with_usage=with_usage)
    except ApiError as error:
        yield event(error.body)  # The status has been sent: clients look for this event.
        return
    yield envelope.chunk({}, reply.finish, with_usage=with_usage)
    if with_usage:
        yield envelope.usage_chunk(reply.usage)
    yield DONE
