"""Readiness probes. Imports are few, because they run while all processes start."""

import contextlib
import http.client
import socket
from http import HTTPStatus

_TIMEOUT_SECONDS = 2


def answers_http(port: int, path: str = "/healthz") -> bool:
    """Return whether a GET on 127.0.0.1 returns 200 within 2 seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    return False


def listens(port: int) -> bool:
    """Return whether a port on 127.0.0.1 accepts connections."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
