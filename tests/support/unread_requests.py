"""Requests of clients that disconnect before they have read the response."""

import contextlib
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from tests.support.local_system import TIMEOUT_SECONDS


@contextmanager
def unread_request(url: str, content: object, headers: Mapping[str, str]) -> Iterator[None]:
    """POST ``content`` as JSON; at the end of the block, hang up and wait for the close."""
    address = httpx.URL(url)
    body = json.dumps(content).encode()
    head = {
        "host": address.netloc.decode(),
        "content-type": "application/json",
        "content-length": str(len(body)),
        **headers,
    }
    lines = [f"POST {address.raw_path.decode()} HTTP/1.1", *map(": ".join, head.items()), "", ""]
    with socket.create_connection((address.host, address.port)) as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        yield
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(TIMEOUT_SECONDS)
        with contextlib.suppress(ConnectionError):
            while connection.recv(65536):  # until the server closes its side
                pass
