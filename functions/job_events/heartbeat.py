"""A sign of life in a stream that has nothing to tell, and the stream's end."""

import asyncio
from collections.abc import AsyncGenerator

from functions.job_events import sse


async def with_heartbeat(
    pieces: AsyncGenerator[bytes, None], *, every_seconds: float, for_seconds: float
) -> AsyncGenerator[bytes, None]:
    """The pieces as they come, and a comment wherever none came for so long."""
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
