"""A reply as server-sent events."""

from collections.abc import AsyncIterator

from gpu_workers.chat.errors import ApiError
from gpu_workers.chat.generation import Generation
from gpu_workers.chat.responses import DONE, CompletionEnvelope, event


async def events(
    answer: CompletionEnvelope,
    reply: Generation,
    first: str,
    pieces: AsyncIterator[str],
    *,
    with_usage: bool,
) -> AsyncIterator[str]:
    """The role, the text from its ``first`` piece on, why it ended, and that it has."""
    yield answer.chunk({"role": "assistant", "content": ""}, with_usage=with_usage)
    if first:
        yield answer.chunk({"content": first}, with_usage=with_usage)
    try:
        async for piece in pieces:
            yield answer.chunk({"content": piece}, with_usage=with_usage)
    except ApiError as refused:
        yield event(refused.body)  # The status has been sent: clients look for this.
        return
    yield answer.chunk({}, reply.finish, with_usage=with_usage)
    if with_usage:
        yield answer.usage_chunk(reply.usage)
    yield DONE
