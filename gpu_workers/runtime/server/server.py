"""uvicorn lifecycle of a worker: listen, load, register, serve, drain, exit."""

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
"""For clients to read the last responses, once all accepted requests have ended."""


class Served(Protocol):
    """The worker that a process serves."""

    async def load(self) -> None:
        """Load the models; requests wait or are refused meanwhile."""
        ...

    async def drain(self) -> None:
        """Refuse new requests and let the accepted ones end."""
        ...


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: this module drains running jobs first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(serving: Coroutine[None, None, int]) -> NoReturn:
    """Run the coroutine and exit the process with the code it returns."""
    log.redirect_library_logs()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(serving)
        sys.stdout.flush()
        # A thread in the middle of a long step would keep the interpreter from ending.
        os._exit(code)


class _Transport(AiohttpTransport):
    """aiohttp's connections, which take half the CPU time of httpx's."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; every failure is an exception of httpx."""
        try:
            return await super().handle_async_request(request)
        except aiohttp.ClientError as error:  # a malformed response, which its map leaves out
            raise httpx.RemoteProtocolError(str(error), request=request) from error


def client() -> httpx.AsyncClient:
    """Return the worker's HTTP client: 30 seconds timeout, 5 to connect."""
    # A proxy or certificate from the environment is not part of the worker's settings.
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
    """Serve until SIGTERM or SIGINT.

    Args:
        application: the worker's HTTP API.
        worker: loaded after the port listens, and drained before the return.
        host: the address to listen on.
        port: the port to listen on.
        make_known: registers the worker; called once it is loaded.

    Returns:
        The exit code of the process: 1 if the worker cannot be loaded, else 0.
    """
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
    """Load and register the worker. Return False if it cannot be loaded."""
    try:
        await worker.load()
    except Exception as error:  # noqa: BLE001 - after any error the worker cannot serve
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
    """Return a listening socket; it accepts connections before the worker is registered."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        sys.exit(f"The worker cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}.")


def _shutdown_signal() -> asyncio.Task[bool]:
    """Return a task that is done after the first SIGTERM or SIGINT."""
    shutdown = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, shutdown.set)
    return asyncio.create_task(shutdown.wait())
