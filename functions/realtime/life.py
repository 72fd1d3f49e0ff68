"""ASGI's lifespan: the process begins, and ends."""

from functions.realtime.connection import Receive, Send
from shared import services


async def last(receive: Receive, send: Send) -> None:
    """Be there from the one to the other, and close what was opened."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await services.close()
    await send({"type": "lifespan.shutdown.complete"})
