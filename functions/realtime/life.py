"""Lifespan of the ASGI app."""

from functions.realtime.connection import Receive, Send
from shared import services


async def last(receive: Receive, send: Send) -> None:
    """Handle the startup and shutdown events; close the services at shutdown."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await services.close()
    await send({"type": "lifespan.shutdown.complete"})
