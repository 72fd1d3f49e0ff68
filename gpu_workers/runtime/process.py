"""The process: listen, load, register, serve, drain, end."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator

import httpx
import uvicorn
import uvloop

from gpu_workers.runtime import log, settings
from gpu_workers.runtime.api import application
from gpu_workers.runtime.pipeline import Pipelines
from gpu_workers.runtime.registration import register
from gpu_workers.runtime.settings import WorkerSettings
from gpu_workers.runtime.worker import Worker

_TIMEOUT = httpx.Timeout(30, connect=5)
_LIMITS = httpx.Limits(max_keepalive_connections=20, keepalive_expiry=30)
_BACKLOG = 512
_LONGEST_GOODBYE_SECONDS = 5
"""For the last answers to be read, once every job has been answered."""


class _Server(uvicorn.Server):
    """uvicorn, with the signals left to this module: a job is drained, not cut."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(pipelines: Pipelines) -> None:
    """Run a worker until it is told to end. It does not return: the process exits."""
    log.take_over()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(_serve(settings.worker(), pipelines))
        sys.stdout.flush()
        # A thread in the middle of a long step would keep the interpreter from ending.
        os._exit(code)


async def _serve(own: WorkerSettings, pipelines: Pipelines) -> int:
    # A proxy or a certificate named in the environment is none of the worker's settings.
    async with httpx.AsyncClient(timeout=_TIMEOUT, limits=_LIMITS, trust_env=False) as http:
        worker = Worker(own, pipelines, http)
        server = _server(worker)
        serving = asyncio.create_task(server.serve(sockets=[_listen(own)]))
        told, starting = _told_to_end(), asyncio.create_task(_start(worker))
        await asyncio.wait((told, starting), return_when=asyncio.FIRST_COMPLETED)
        failed = starting.done() and not starting.result()
        if not failed:
            await told
        starting.cancel()
        await worker.drain()
        server.should_exit = True
        await serving
        return int(failed)


async def _start(worker: Worker) -> bool:
    """Load and register. False where the model cannot be loaded."""
    own = worker.settings
    log.event("listening", worker_id=own.worker_id, port=own.port)
    try:
        await worker.load()
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker is of no use
        log.event("not loaded", severity="CRITICAL", trace=log.trace(error))
        return False
    log.event("loaded", worker_id=own.worker_id)
    await register(own, worker.pipelines, worker.mailbox)
    return True


def _server(worker: Worker) -> _Server:
    return _Server(
        uvicorn.Config(
            application(worker),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_LONGEST_GOODBYE_SECONDS,
        )
    )


def _listen(own: WorkerSettings) -> socket.socket:
    """The socket takes connections from here on, before anyone is told of it."""
    try:
        return socket.create_server((own.host, own.port), backlog=_BACKLOG)
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
