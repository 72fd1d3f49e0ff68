"""Minimal HTTP client of the API, without slow imports."""

import json
import threading
import time
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urljoin, urlsplit

from infra.local.errors import LocalSystemError

_PAUSE_SECONDS = 0.1
_RETRY_SECONDS = 30
"""How long a request is retried while the gateway restarts."""
_MAX_REDIRECTS = 5


class RefusedError(LocalSystemError):
    """A response of 4xx or 5xx, or none at all."""


class Client:
    """A signed-in user's client.

    Args:
        base: the base URL.
        token: the user's token.
        stopped: ends the retries when it is set.
    """

    def __init__(self, base: str, token: str, stopped: threading.Event) -> None:
        self._base = base
        self._headers = {"authorization": f"Bearer {token}", "apikey": token}
        self._stopped = stopped

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of a path; retry while the gateway does not respond.

        Raises:
            RefusedError: the status is 4xx or 5xx, or no response came for 30 seconds.
        """
        deadline = time.monotonic() + _RETRY_SECONDS
        while True:
            try:
                return json.loads(fetch("GET", self._base + path, headers=self._headers))
            except (OSError, HTTPException) as error:
                if self._stopped.wait(_PAUSE_SECONDS) or time.monotonic() > deadline:
                    raise RefusedError(f"{self._base} does not answer: {error}") from error

    def post(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Post a JSON body and return the JSON of the response.

        Raises:
            RefusedError: the status is 4xx or 5xx, or no response came.
        """
        headers = {**self._headers, "content-type": "application/json"}
        try:
            return json.loads(fetch("POST", self._base + path, json.dumps(body), headers))
        except (OSError, HTTPException) as error:
            raise RefusedError(f"{self._base} does not answer: {error}") from error


def fetch(
    method: str, url: str, body: str | None = None, headers: dict[str, str] | None = None
) -> bytes:
    """Return the body of a response, after up to five redirects.

    Raises:
        RefusedError: the status is 4xx or 5xx, or there were too many redirects.
    """
    for _ in range(_MAX_REDIRECTS):
        status, location, content = _exchange(method, url, body, headers or {})
        if status >= HTTPStatus.BAD_REQUEST:
            raise RefusedError(f"{method} {urlsplit(url).path}: {status} {content[:500].decode()}")
        if not location:
            return content
        url = urljoin(url, location)
    raise RefusedError(f"{method} {urlsplit(url).path}: too many redirects")


def _exchange(
    method: str, url: str, body: str | None, headers: dict[str, str]
) -> tuple[int, str | None, bytes]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.request(method, parts._replace(scheme="", netloc="").geturl(), body, headers)
        response = connection.getresponse()
        return response.status, response.getheader("location"), response.read()
    finally:
        connection.close()
