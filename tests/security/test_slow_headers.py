"""Requests that never end: silence, one byte at a time, and headers without a limit."""

import contextlib
import socket
import threading
import time

import pytest

from tests.security.other_user import other_user
from tests.security.tally import Tally
from tests.support.local_system import LocalSystem

_TIMEOUT_SECONDS = 60
_PAUSE_SECONDS = 0.5
_LARGE = b"y" * 80_000
_HEAD = b"POST /healthz HTTP/1.1\r\nhost: x\r\n"
_CHUNKED = _HEAD + b"transfer-encoding: chunked\r\n\r\n"
_WEBSOCKET = b"GET /realtime/v1/websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n"

_ENDLESS: list[tuple[str, bytes, bytes]] = [
    ("nothing", b"", b""),
    ("empty lines", b"", b"\r\n"),
    ("half a request line", b"GET /heal", b""),
    ("a request line, slowly", b"GET /", b"a"),
    ("a header, slowly", _HEAD + b"x: ", b"y"),
    ("headers, slowly", _HEAD, b"x: y\r\n"),
    ("half an upgrade", _WEBSOCKET + b"upgrade: websocket\r\n", b"x: y\r\n"),
    ("no body", _HEAD + b"content-length: 10\r\n\r\n", b""),
    ("a body, slowly", _HEAD + b"content-length: 100000\r\n\r\n", b"y"),
    ("chunks, slowly", _CHUNKED, b"1\r\nx\r\n"),
    ("trailers, slowly", _CHUNKED + b"1\r\nx\r\n0\r\n", b"x: y\r\n"),
    ("empty lines after a request", b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n", b"\r\n"),
]
"""Each with the bytes that are sent at once, and those that are repeated forever."""

_TOO_LARGE: list[tuple[str, bytes]] = [
    ("a request line of 80,000 bytes", b"GET /" + _LARGE + b" HTTP/1.1\r\nhost: x\r\n\r\n"),
    ("a header of 80,000 bytes", _HEAD + b"x: " + _LARGE + b"\r\n\r\n"),
    ("a name of 80,000 bytes", _HEAD + _LARGE + b": x\r\n\r\n"),
    ("a header without an end", _HEAD + b"x: " + _LARGE * 100),
    ("40,000 headers", _HEAD + b"x: y\r\n" * 40_000 + b"\r\n"),
    ("an upgrade of 40,000 headers", _WEBSOCKET + b"x: y\r\n" * 40_000 + b"\r\n"),
]


def _ports(system: LocalSystem) -> dict[str, int]:
    """Return the ports at which HTTP is served, by name."""
    return {name: port for name, port in system.ports().items() if name in {"gateway", "storage"}}


def _is_closed(port: int, sent: bytes, endless: bytes) -> bool:
    """Send a request that never ends, and return whether the server closes the connection."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    with socket.create_connection(("127.0.0.1", port), timeout=_PAUSE_SECONDS) as connection:
        connection.sendall(sent)
        while time.monotonic() < deadline:
            try:
                if not connection.recv(65536):
                    return True
                connection.sendall(endless)
            except TimeoutError:
                with contextlib.suppress(ConnectionError):
                    connection.sendall(endless)
            except ConnectionError:
                return True
    return False


@pytest.mark.slow  # takes as long as the timeouts; tests/unit/test_http_protocol.py sets its own
def test_connections_without_an_end_are_closed(bare: LocalSystem, tally: Tally) -> None:
    def attack(name: str, port: int, sent: bytes, endless: bytes) -> None:
        tally.refused(name, is_refused=_is_closed(port, sent, endless))

    with other_user(bare, tally):
        threads = [
            threading.Thread(target=attack, args=(f"{name} at {part}", port, sent, endless))
            for part, port in _ports(bare).items()
            for name, sent, endless in _ENDLESS
            for _ in range(10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _response(port: int, sent: bytes) -> bytes:
    """Send a request as far as the server takes it, and return the response."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
        with contextlib.suppress(ConnectionError):
            while data := connection.recv(65536):
                received += data
    return received


def test_headers_have_a_limit(bare: LocalSystem, tally: Tally) -> None:
    with other_user(bare, tally):
        for part, port in _ports(bare).items():
            for name, sent in _TOO_LARGE:
                status = _response(port, sent)[9:12]
                # Where much is left unread, the operating system may reset the connection first.
                tally.refused(f"{name} at {part}: {status!r}", is_refused=status in {b"431", b""})
