"""The server process of any worker: where it listens, and how it stops."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gpu_workers.runtime.server import server
from tests.support.local_system import TIMEOUT_SECONDS, free_port


class Held:
    """An application that records how it was loaded, drained and registered."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.noted: list[str] = []

    async def load(self) -> None:
        if self.error:
            raise self.error
        self.noted.append("loaded")

    async def drain(self) -> None:
        self.noted.append("drained")

    async def make_known(self) -> None:
        self.noted.append("known")


async def _nothing(_: Request) -> Response:
    return Response()


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Restore the signal handlers that the event loop replaced."""
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


def _has(host: str) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with closing(socket.create_server((host, 0), family=family)):
            return True
    except OSError:
        return False


@pytest.mark.parametrize(("host", "address"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
async def test_it_serves_until_it_is_terminated(host: str, address: str) -> None:
    if not _has(host):
        pytest.skip(f"there is no {host} here")
    held, port = Held(), free_port()
    app = Starlette(routes=[Route("/", _nothing)])
    serving = asyncio.create_task(
        server.serve(app, held, host=host, port=port, make_known=held.make_known)
    )
    transport = httpx.AsyncHTTPTransport(retries=5)
    async with httpx.AsyncClient(transport=transport, timeout=TIMEOUT_SECONDS) as client:
        assert (await client.get(f"http://{address}:{port}/")).status_code == 200
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(serving, TIMEOUT_SECONDS) == 0
    assert held.noted == ["loaded", "known", "drained"]


async def test_it_ends_by_itself_where_nothing_can_be_loaded() -> None:
    held = Held(OSError("no such folder"))
    ended = await server.serve(
        Starlette(), held, host="127.0.0.1", port=0, make_known=held.make_known
    )
    assert ended == 1
    assert held.noted == ["drained"]


async def test_a_port_in_use_is_reported_in_one_line() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"cannot listen on 127.0.0.1:{port}: Address already"):
            await server.serve(
                Starlette(), Held(), host="127.0.0.1", port=port, make_known=Held().make_known
            )
