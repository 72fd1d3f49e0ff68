"""Whether a process answers yet. The imports are few: this runs while everything starts."""

import contextlib
import http.client
import socket
from http import HTTPStatus

_TIMEOUT_SECONDS = 2


def answers_http(port: int, path: str = "/healthz") -> bool:
    """Whether a GET is answered 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    return False


def listens(port: int) -> bool:
    """Whether a connection is taken."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
