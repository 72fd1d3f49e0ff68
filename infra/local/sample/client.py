"""A client of the API, over HTTP alone, with nothing to import that is slow."""

import json
import threading
import time
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urljoin, urlsplit

from infra.local.errors import LocalSystemError

_PAUSE_SECONDS = 0.1
_AWAY_SECONDS = 30
"""How long the gateway may be away, while it is started again."""
_MAX_REDIRECTS = 5


class RefusedError(LocalSystemError):
    """An answer of 4xx or 5xx, or none at all."""


class Client:
    """A signed-in user; ``stopped`` ends its patience with a server that is away."""

    def __init__(self, base: str, token: str, stopped: threading.Event) -> None:
        self._base = base
        self._headers = {"authorization": f"Bearer {token}", "apikey": token}
        self._stopped = stopped

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """The JSON of an address; tried again while the gateway is away."""
        until = time.monotonic() + _AWAY_SECONDS
        while True:
            try:
                return json.loads(fetch("GET", self._base + path, headers=self._headers))
            except (OSError, HTTPException) as error:
                if self._stopped.wait(_PAUSE_SECONDS) or time.monotonic() > until:
                    raise RefusedError(f"{self._base} does not answer: {error}") from error

    def post(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """The answer to a JSON body."""
        headers = {**self._headers, "content-type": "application/json"}
        try:
            return json.loads(fetch("POST", self._base + path, json.dumps(body), headers))
        except (OSError, HTTPException) as error:
            raise RefusedError(f"{self._base} does not answer: {error}") from error


def fetch(
    method: str, url: str, body: str | None = None, headers: dict[str, str] | None = None
) -> bytes:
    """The bytes of an address, redirects followed. Raises RefusedError for 4xx and 5xx."""
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
        answer = connection.getresponse()
        return answer.status, answer.getheader("location"), answer.read()
    finally:
        connection.close()
