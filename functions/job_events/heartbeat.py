"""Heartbeats of an idle event stream, and its time limit."""

import asyncio
from collections.abc import AsyncGenerator

from functions.job_events import sse


async def with_heartbeat(
    pieces: AsyncGenerator[bytes, None], *, every_seconds: float, for_seconds: float
) -> AsyncGenerator[bytes, None]:
    """Yield the pieces as they arrive, and a comment after each idle interval.

    Args:
        pieces: of the stream; closed at the end.
        every_seconds: idle time after which a heartbeat is sent.
        for_seconds: after which the stream ends.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + for_seconds
    coming = asyncio.ensure_future(anext(pieces))
    try:
        while (left := end - loop.time()) > 0:
            await asyncio.wait([coming], timeout=min(every_seconds, left))
            if coming.done():
                yield coming.result()
                coming = asyncio.ensure_future(anext(pieces))
            elif left > every_seconds:
                yield sse.HEARTBEAT
    finally:
        coming.cancel()
        await asyncio.wait([coming])
        await pieces.aclose()
