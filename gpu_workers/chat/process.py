"""The process: listen, load, register where there is anyone to tell, serve, drain, end."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from typing import cast

import httpx
import uvicorn
import uvloop

from gpu_workers.chat.api import application
from gpu_workers.chat.worker import ChatWorker
from gpu_workers.runtime import log, settings
from gpu_workers.runtime.clock import Clock
from gpu_workers.runtime.mailbox import Mailbox
from gpu_workers.runtime.pipeline import Pipelines
from gpu_workers.runtime.registration import register
from gpu_workers.runtime.settings import ChatSettings, WorkerSettings

_TIMEOUT = httpx.Timeout(30, connect=5)
_BACKLOG = 512
_LONGEST_GOODBYE_SECONDS = 5
"""For the last answers to be read, once every reply has ended."""


class _Server(uvicorn.Server):
    """uvicorn, with the signals left to this module: a reply is drained, not cut."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve() -> None:
    """Run the worker until it is told to end. It does not return: the process exits."""
    log.take_over()
    own = settings.chat()
    known_as = settings.worker() if own.registers else None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(_serve(own, known_as))
        sys.stdout.flush()
        # A thread in the middle of a long step would keep the interpreter from ending.
        os._exit(code)


async def _serve(own: ChatSettings, known_as: WorkerSettings | None) -> int:
    worker = ChatWorker(own)
    server = _server(worker, known_as)
    serving = asyncio.create_task(server.serve(sockets=[_listen(own)]))
    told, starting = _told_to_end(), asyncio.create_task(_start(worker, known_as))
    await asyncio.wait((told, starting), return_when=asyncio.FIRST_COMPLETED)
    failed = starting.done() and not starting.result()
    if not failed:
        await told
    starting.cancel()
    await worker.drain()
    server.should_exit = True
    await serving
    return int(failed)


async def _start(worker: ChatWorker, known_as: WorkerSettings | None) -> bool:
    """Load and register. False where a model cannot be loaded."""
    log.event("listening", port=worker.settings.port)
    try:
        await worker.load()
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker is of no use
        log.event("not loaded", severity="CRITICAL", trace=log.trace(error))
        return False
    log.event("loaded")
    if known_as is not None:
        await _register(worker, known_as)
    return True


async def _register(worker: ChatWorker, known_as: WorkerSettings) -> None:
    # Of a pipeline, registering reads the names of its models alone.
    served = cast("Pipelines", {"chat": worker})
    # A proxy or a certificate named in the environment is none of the worker's settings.
    async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as http:
        await register(known_as, served, Mailbox(http, known_as, Clock()))


def _server(worker: ChatWorker, known_as: WorkerSettings | None) -> _Server:
    return _Server(
        uvicorn.Config(
            application(worker, known_as),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_LONGEST_GOODBYE_SECONDS,
        )
    )


def _listen(own: ChatSettings) -> socket.socket:
    """The socket takes connections from here on, before anyone is told of it."""
    family = socket.AF_INET6 if ":" in own.host else socket.AF_INET
    try:
        return socket.create_server((own.host, own.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        sys.exit(
            f"The worker cannot listen on {own.host}:{own.port}: {os.strerror(error.errno or 0)}."
        )


def _told_to_end() -> asyncio.Task[bool]:
    """Done with the first SIGTERM or SIGINT."""
    told = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, told.set)
    return asyncio.create_task(told.wait())
