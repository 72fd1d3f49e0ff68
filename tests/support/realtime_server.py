"""The realtime service alone, in the test's process: with a test's limits, on a free port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import uvicorn

from functions.realtime.limits import Limits
from functions.realtime.main import Realtime
from infra import websocket_server
from shared.services import Services
from tests.support.local_system import LocalSystem, free_port


@contextlib.asynccontextmanager
async def serving(system: LocalSystem, limits: Limits, **settings: object) -> AsyncIterator[str]:
    """Serve on that system's database; yields the URL."""
    services = Services(system.settings(**settings))
    port = free_port()
    options = {
        **websocket_server.OPTIONS,
        "loop": "none",
        "lifespan": "off",
        "log_level": "warning",
    }
    app = Realtime(lambda: services, limits)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, **options))
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await running
    await services.close()
