"""HTTP push attempts: a task's request, and the outcome of its response."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from google.cloud.tasks_v2 import HttpMethod, UriOverride
from multidict import CIMultiDict
from yarl import URL

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import Queue

    from infra.local.tasks_emulator.oidc import TokenSigner
    from infra.local.tasks_emulator.store import StoredTask

_REPLACED = ("host", "content-length", "user-agent")
_RESERVED = ("x-cloudtasks-", "x-google-", "x-appengine-")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        status: The HTTP status; 504 for a passed deadline and 503 for no connection, as the
            service reports them.
        answered: Whether the target responded at all.
        retry_after_seconds: The minimum delay that the target requested.
    """

    status: int
    answered: bool = True
    retry_after_seconds: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether the task is done."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def overloaded(self) -> bool:
        """Whether the target is overloaded (429 or 503)."""
        return self.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


class Pusher:
    """Sends tasks to their targets over keep-alive connections."""

    def __init__(self, signer: TokenSigner | None) -> None:
        self._signer = signer
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._http:
            await self._http.close()

    async def push(self, queue: Queue, stored: StoredTask) -> Outcome:
        """Make one attempt at a task, whose dispatch is counted already."""
        deadline = stored.task.dispatch_deadline.total_seconds()
        try:
            request = self._request(queue, stored)
            async with asyncio.timeout(deadline), self._session().request(**request) as response:
                await response.read()
        except TimeoutError:
            return Outcome(HTTPStatus.GATEWAY_TIMEOUT, answered=False)
        except (aiohttp.ClientError, OSError, ValueError):
            return Outcome(HTTPStatus.SERVICE_UNAVAILABLE, answered=False)
        return Outcome(
            response.status,
            retry_after_seconds=_seconds_of(response.headers.get("Retry-After", "")),
        )

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            # Connections idle for two seconds are closed, before a server's limit (uvicorn: five
            # seconds) can close one during a request.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=2)
            # The dispatch deadline is the only limit of an attempt.
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=None)
            self._http = aiohttp.ClientSession(
                connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._http

    def _request(self, queue: Queue, stored: StoredTask) -> dict[str, Any]:
        http, target = stored.task.http_request, queue.http_target
        url = overridden_url(http.url, target.uri_override)
        method = HttpMethod(target.http_method or http.http_method)
        headers = _caller_headers(queue, stored)
        headers.update(_task_headers(queue, stored))
        token = target.oidc_token if "oidc_token" in target else http.oidc_token
        if token.service_account_email and self._signer:
            signed = self._signer.token(token.service_account_email, token.audience or url)
            headers["Authorization"] = f"Bearer {signed}"
        return {
            "method": method.name,
            "url": URL(url, encoded=True),
            "headers": headers,
            "data": None if method == HttpMethod.GET else http.body,
            "allow_redirects": False,
        }


def overridden_url(url: str, override: UriOverride) -> str:
    """Return a task's URL with its queue's override applied.

    In the mode IF_NOT_EXISTS a part is replaced only if the URL lacks it, which is never the case
    for scheme and host.
    """
    parts = urlsplit(url)
    always = override.uri_override_enforce_mode != UriOverride.UriOverrideEnforceMode.IF_NOT_EXISTS
    scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    path, query = parts.path, parts.query
    if always and override.scheme:
        scheme = UriOverride.Scheme(override.scheme).name.lower()
    if always and override.host:
        host = override.host
    if "port" in override and (always or port is None):
        port = override.port or None
    if "path_override" in override and (always or path in {"", "/"}):
        path = override.path_override.path
    if "query_override" in override and (always or not query):
        query = override.query_override.query_params
    netloc = f"[{host}]" if ":" in host else host
    return urlunsplit((scheme, netloc if port is None else f"{netloc}:{port}", path, query, ""))


def _caller_headers(queue: Queue, stored: StoredTask) -> CIMultiDict[str]:
    """Return the task's headers with the queue's overrides, without those of the service."""
    headers = CIMultiDict(stored.task.http_request.headers)
    for override in queue.http_target.header_overrides:
        headers[override.header.key] = override.header.value
    for name in list(headers):
        if name.lower() in _REPLACED or name.lower().startswith(_RESERVED):
            headers.popall(name, None)
    return headers


def _task_headers(queue: Queue, stored: StoredTask) -> dict[str, str]:
    """Return the headers with which the service describes the task.

    As recorded from the service: the retry reason is empty, and the execution count leaves out
    attempts that ended in 5xx.
    """
    task = stored.task
    headers = {
        "User-Agent": "Google-Cloud-Tasks",
        "X-CloudTasks-QueueName": queue.name.rpartition("/")[2],
        "X-CloudTasks-TaskName": task.name.rpartition("/")[2],
        "X-CloudTasks-TaskRetryCount": str(task.dispatch_count - 1),
        "X-CloudTasks-TaskExecutionCount": str(stored.executions),
        "X-CloudTasks-TaskETA": f"{task.schedule_time.timestamp():.6f}",
    }
    if stored.previous_status is not None:
        headers["X-CloudTasks-TaskPreviousResponse"] = str(stored.previous_status)
        headers["X-CloudTasks-TaskRetryReason"] = ""
    return headers


def _seconds_of(retry_after: str) -> float:
    """Return the delay of a Retry-After header, in seconds or as a date; 0 for none."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0
