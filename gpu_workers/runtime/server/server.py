"""The process of any worker: listen, load, make it known, serve, drain, end."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import NoReturn, Protocol

import aiohttp
import httpx
import uvicorn
import uvloop
from httpx_aiohttp import AiohttpTransport
from starlette.applications import Starlette

from gpu_workers.runtime import log

_TIMEOUT = httpx.Timeout(30, connect=5)
_LIMITS = httpx.Limits(max_keepalive_connections=20, keepalive_expiry=30)
_BACKLOG = 512
_SHUTDOWN_TIMEOUT_SECONDS = 5
"""For the last answers to be read, once all that was taken in has ended."""


class Served(Protocol):
    """What the process is there for."""

    async def load(self) -> None:
        """Make it ready; what comes in meanwhile waits, or is refused."""
        ...

    async def drain(self) -> None:
        """Take nothing in, and let what is held end."""
        ...


class _Server(uvicorn.Server):
    """uvicorn, with the signals left to this module: what runs is drained, not cut."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(serving: Coroutine[None, None, int]) -> NoReturn:
    """Run to the end, and exit the process with its code."""
    log.redirect_library_logs()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(serving)
        sys.stdout.flush()
        # A thread in the middle of a long step would keep the interpreter from ending.
        os._exit(code)


class _Transport(AiohttpTransport):
    """aiohttp's connections, which take half the processor's time of httpx's own."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask; every failure is one of httpx's."""
        try:
            return await super().handle_async_request(request)
        except aiohttp.ClientError as error:  # of a malformed answer, which its own map leaves out
            raise httpx.RemoteProtocolError(str(error), request=request) from error


def client() -> httpx.AsyncClient:
    """What the worker asks others with."""
    # A proxy or a certificate named in the environment is none of the worker's settings.
    transport = _Transport(limits=_LIMITS, trust_env=False)
    return httpx.AsyncClient(transport=transport, timeout=_TIMEOUT, trust_env=False)


async def serve(
    application: Starlette,
    worker: Served,
    *,
    host: str,
    port: int,
    make_known: Callable[[], Awaitable[None]],
) -> int:
    """Serve until told to end. The process's exit code: 1 where the worker cannot be loaded."""
    server = _server(application)
    serving = asyncio.create_task(server.serve(sockets=[_listen(host, port)]))
    log.event("listening", port=port)
    shutdown, starting = _shutdown_signal(), asyncio.create_task(_start(worker, make_known))
    await asyncio.wait((shutdown, starting), return_when=asyncio.FIRST_COMPLETED)
    failed = starting.done() and not starting.result()
    if not failed:
        await shutdown
    starting.cancel()
    await worker.drain()
    server.should_exit = True
    await serving
    return int(failed)


async def _start(worker: Served, make_known: Callable[[], Awaitable[None]]) -> bool:
    """Load and make known. False where a model cannot be loaded."""
    try:
        await worker.load()
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker is of no use
        log.event("not loaded", severity="CRITICAL", trace=log.format_exception(error))
        return False
    log.event("loaded")
    await make_known()
    return True


def _server(application: Starlette) -> _Server:
    return _Server(
        uvicorn.Config(
            application,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT_SECONDS,
        )
    )


def _listen(host: str, port: int) -> socket.socket:
    """The socket takes connections from here on, before anyone is told of it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        sys.exit(f"The worker cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}.")


def _shutdown_signal() -> asyncio.Task[bool]:
    """Done with the first SIGTERM or SIGINT."""
    shutdown = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, shutdown.set)
    return asyncio.create_task(shutdown.wait())
