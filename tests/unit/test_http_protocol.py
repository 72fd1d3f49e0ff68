"""Limits of an HTTP connection: time for a request to arrive, and size of its headers."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from infra.http_protocol import MAX_HEAD_BYTES, HttpProtocol
from tests.support.local_system import TIMEOUT_SECONDS

_SECONDS = 0.3
_HEAD = b"POST / HTTP/1.1\r\nhost: x\r\n"
_CHUNKED = _HEAD + b"transfer-encoding: chunked\r\n\r\n"
_COMPLETE_REQUEST = _HEAD + b"content-length: 2\r\n\r\nhi"


class _Impatient(HttpProtocol):
    head_seconds = body_seconds = write_seconds = _SECONDS


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body's length; ``/late`` reads the body late, ``/long`` answers at length."""
    assert scope["type"] == "http"
    if scope["path"] == "/late":
        await asyncio.sleep(4 * _SECONDS)
    size = 0
    while (message := await receive())["type"] == "http.request":
        size += len(message["body"])
        if not message["more_body"]:
            break
    body = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/long":
        await asyncio.sleep(4 * _SECONDS)
        body = bytes(16 * 2**20)
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[uvicorn.Server]:
    config = uvicorn.Config(
        _application,
        port=0,
        http=_Impatient,
        ws="none",
        lifespan="off",
        log_level="error",
        timeout_keep_alive=1,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    yield server
    server.should_exit = True
    await running


@pytest.fixture
def port(server: uvicorn.Server) -> int:
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


@pytest.fixture
def patient_port(port: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """The port of a server whose timeouts are as long as the tests'."""
    for name in ("head_seconds", "body_seconds", "write_seconds"):
        monkeypatch.setattr(_Impatient, name, TIMEOUT_SECONDS)
    return port


async def _exchange_until(
    is_expected: Callable[[bytes], bool], port: int, *pieces: bytes, pause: float = 0
) -> None:
    """Repeat the exchange until the response is as expected.

    A busy machine may delay a complete request for longer than the server's short timeouts.
    """
    received = [b""]
    while not is_expected(received[-1]):
        assert len(received) < 20, received[-1][:1000]
        received.append(await _exchange(port, *pieces, pause=pause))


async def _exchange(port: int, *pieces: bytes, pause: float = 0, drip: bytes = b"") -> bytes:
    """Send the pieces, then ``drip`` forever, and return what is received until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            while drip:
                writer.write(drip)
                await writer.drain()
                await asyncio.sleep(_SECONDS / 10)
        except ConnectionError:
            pass  # the server has closed the connection

    sending = asyncio.create_task(send())
    received = bytearray()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while data := await reader.read(65536):
                received += data
    except ConnectionError:
        pass
    sending.cancel()
    await asyncio.wait([sending])
    writer.close()
    return bytes(received)


@pytest.mark.parametrize(
    ("sent", "drip"),
    [
        (b"P", b""),
        (_HEAD, b""),
        (_HEAD + b"x: ", b"y"),
        (_HEAD, b"x: y\r\n"),
        (_HEAD + b"content-length: 99\r\n\r\n", b""),
        (_HEAD + b"content-length: 99999\r\n\r\n", b"y"),
        (_CHUNKED, b""),
        (_CHUNKED, b"1\r\nx\r\n"),
        (_CHUNKED + b"1\r\nx\r\n0\r\n", b"x: y\r\n"),
    ],
)
async def test_a_request_that_does_not_end_is_answered_408(
    port: int, sent: bytes, drip: bytes
) -> None:
    assert (await _exchange(port, sent, drip=drip)).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(("sent", "drip"), [(b"", b""), (b"\r\n", b""), (b"", b"\r\n")])
async def test_a_connection_without_a_request_is_closed(
    port: int, sent: bytes, drip: bytes
) -> None:
    assert await _exchange(port, sent, drip=drip) == b""


@pytest.mark.parametrize("after", [b"", b"\r\n", b"P", _HEAD])
async def test_a_connection_is_closed_after_its_last_request(port: int, after: bytes) -> None:
    expected = 2 if after.strip() else 1

    def is_served_and_closed(received: bytes) -> bool:
        return received.startswith(b"HTTP/1.1 200 ") and received.count(b"HTTP/1.1 ") == expected

    await _exchange_until(is_served_and_closed, port, _COMPLETE_REQUEST, after, pause=_SECONDS / 10)


@pytest.mark.parametrize(
    "pieces",
    [
        [b"GET /" + b"a" * MAX_HEAD_BYTES + b" HTTP/1.1\r\nhost: x\r\n\r\n"],
        [_HEAD + b"x: " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n"],
        [_HEAD + b"x: " + b"y" * MAX_HEAD_BYTES, b"y" * MAX_HEAD_BYTES, b"y" * MAX_HEAD_BYTES],
        [_HEAD + b"x: y\r\n" * (MAX_HEAD_BYTES // 2) + b"\r\n"],
        [_CHUNKED + b"1\r\nx\r\n0\r\n" + b"x: y\r\n" * (MAX_HEAD_BYTES // 2) + b"\r\n"],
        [_CHUNKED + b"1\r\nx\r\n0\r\nx: ", *[b"y" * MAX_HEAD_BYTES] * 3],
        [_CHUNKED + b"1;x=", *[b"y" * MAX_HEAD_BYTES] * 3],
    ],
)
async def test_a_head_without_a_limit_is_answered_431(
    patient_port: int, pieces: list[bytes]
) -> None:
    received = await _exchange(patient_port, *pieces, pause=_SECONDS / 30)
    assert received.startswith(b"HTTP/1.1 431 ")
    assert received.count(b"HTTP/1.1 ") == 1


async def test_large_heads_and_bodies_are_served(patient_port: int) -> None:
    head = b"POST / HTTP/1.1\r\nx: " + b"y" * 60_000 + b"\r\ncontent-length: 3000000\r\n\r\n"
    received = await _exchange(patient_port, head + bytes(3_000_000))
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"3000000" in received


async def test_pipelined_requests_are_served(patient_port: int) -> None:
    received = await _exchange(patient_port, _COMPLETE_REQUEST * 20)
    assert received.count(b"HTTP/1.1 200 ") == 20


async def test_a_client_does_not_answer_for_a_slow_application(port: int) -> None:
    size = b"content-length: 1000000\r\n\r\n"
    late = _HEAD.replace(b"/", b"/late", 1) + size + bytes(1_000_000)

    def is_served(received: bytes) -> bool:
        return received.startswith(b"HTTP/1.1 200 ")

    def is_complete(received: bytes) -> bool:
        return len(received) > 16 * 2**20

    await _exchange_until(is_served, port, late)
    await _exchange_until(is_complete, port, _COMPLETE_REQUEST.replace(b"/", b"/long", 1))


async def test_a_client_that_does_not_read_is_cut_off(server: uvicorn.Server, port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(_COMPLETE_REQUEST.replace(b"/", b"/long", 1))
    await reader.readline()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while server.server_state.connections:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.05)
    writer.close()
