"""SSRF-safe HTTPS fetcher for untrusted URLs.

Only https at port 443 is allowed, to a host whose addresses are all public. The host is resolved
once and the connection goes to an address that was checked, so a host that resolves differently a
moment later has no effect (DNS rebinding). Each redirect is checked like a new URL.
"""

import asyncio
import re
import ssl
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urljoin

import certifi
import httpcore

from shared.clients.public_addresses import (
    PORT,
    Address,
    Resolver,
    blocked_address_error,
    is_host,
    public_addresses,
    resolve,
)

MAX_BYTES = 10 * 1024 * 1024
MAX_SECONDS = 10
MAX_REDIRECTS = 3

_CONNECT_SECONDS = 3
_MAX_URL_CHARACTERS = 4096
_MAX_TRIED = 4
"""Maximum number of addresses of one host that are tried, one after another."""

_URL = re.compile(r"https://([a-z0-9._-]+)(?::([0-9]+))?([/?][!-\[\]-~]*)?", re.IGNORECASE)
"""The only parser of URLs here: the connection uses exactly the parts that were checked."""

_REDIRECTS = {301, 302, 303, 307, 308}
_OK = 200
_HEADERS = [("accept-encoding", "identity"), ("user-agent", "OurVidz")]


class _Url(NamedTuple):
    host: str
    path: bytes


class _FetchLimits(NamedTuple):
    what: str
    accept: str
    max_redirects: int
    max_bytes: int


class SafeFetcher:
    """Fetches untrusted URLs within limits of size, time and redirects."""

    def __init__(
        self,
        *,
        resolver: Resolver = resolve,
        network: httpcore.AsyncNetworkBackend | None = None,
        certificates: ssl.SSLContext | None = None,
        max_bytes: int = MAX_BYTES,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self._resolver = resolver
        self._network = network or httpcore.AnyIOBackend()
        self._certificates = certificates or ssl.create_default_context(cafile=certifi.where())
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds

    async def fetch_image(self, url: str) -> bytes:
        """Fetch an image, following up to ``MAX_REDIRECTS`` redirects.

        Raises:
            InvalidRequestError: The fetch failed. The message reveals nothing of internal networks.
        """
        return await self._bounded(
            url, _FetchLimits("a picture", "image/*", MAX_REDIRECTS, self._max_bytes)
        )

    async def fetch_json(self, url: str, *, max_bytes: int) -> bytes:
        """Fetch JSON of at most ``max_bytes`` bytes; redirects are refused.

        Raises:
            InvalidRequestError: As ``fetch_image``.
        """
        return await self._bounded(url, _FetchLimits("JSON", "application/json", 0, max_bytes))

    async def _bounded(self, url: str, limits: _FetchLimits) -> bytes:
        try:
            async with asyncio.timeout(self._max_seconds):
                for _ in range(limits.max_redirects + 1):
                    content, url = await self._follow(url, limits)
                    if content is not None:
                        return content
        except TimeoutError:
            raise blocked_address_error(
                f"it took longer than {self._max_seconds} seconds"
            ) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError):
            raise blocked_address_error("it could not be reached") from None
        raise blocked_address_error(f"it redirects more than {limits.max_redirects} times")

    async def _follow(self, url: str, limits: _FetchLimits) -> tuple[bytes | None, str]:
        """Return the content and its URL, or None and the URL that it redirects to."""
        target = _parse(url)
        addresses = await public_addresses(target.host, self._resolver)
        pinned = _PinnedNetworkBackend(self._network, addresses[:_MAX_TRIED])
        pinned_url = httpcore.URL(scheme=b"https", host=target.host.encode(), target=target.path)
        async with (
            httpcore.AsyncConnectionPool(self._certificates, network_backend=pinned) as pool,
            pool.stream(
                "GET", pinned_url, headers=[("accept", limits.accept), *_HEADERS]
            ) as answer,
        ):
            headers = {name.lower(): value for name, value in answer.headers}
            if answer.status in _REDIRECTS and b"location" in headers:
                return None, _joined(url, headers[b"location"].decode("latin-1"))
            if answer.status != _OK:
                raise blocked_address_error(f"the response is not {limits.what}")
            if headers.get(b"content-encoding", b"identity").lower() != b"identity":
                raise blocked_address_error("the response has an unsupported content encoding")
            return await _read(answer, limits.max_bytes), url


class _PinnedNetworkBackend(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses instead of resolving the host name again.

    TLS still verifies the certificate of the host name.
    """

    def __init__(self, network: httpcore.AsyncNetworkBackend, addresses: Sequence[Address]) -> None:
        self._network = network
        self._addresses = addresses

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - httpcore's signature; the name is not resolved again
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that accepts a connection."""
        for address in self._addresses:
            try:
                return await self._network.connect_tcp(
                    str(address), port, _CONNECT_SECONDS, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise httpcore.ConnectError


async def _read(answer: httpcore.Response, max_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in answer.aiter_stream():
        content += chunk
        if len(content) > max_bytes:
            raise blocked_address_error(f"the response is larger than {max_bytes} bytes")
    return bytes(content)


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise blocked_address_error("it redirects to an invalid URL") from None


def _parse(url: str) -> _Url:
    if len(url) > _MAX_URL_CHARACTERS:
        raise blocked_address_error("it is too long")
    match = _URL.fullmatch(url.partition("#")[0])
    if not match:
        raise blocked_address_error("it is not a valid https URL")
    host, port, path = match[1].lower(), match[2], match[3] or "/"
    if not is_host(host):
        raise blocked_address_error("its host name is invalid")
    if port not in {None, str(PORT)}:
        raise blocked_address_error("it must use port 443")
    return _Url(host, (path if path.startswith("/") else f"/{path}").encode())
