"""Validate worker URLs.

A URL must use https and an allow-listed host, all of whose IP addresses are public. The local
system also allows loopback over plain http.
"""

from urllib.parse import SplitResult, urlsplit

from shared.clients.public_addresses import Resolver, is_host, public_addresses, resolve
from shared.errors import InvalidRequestError
from shared.settings import Settings

_PORTS = {None, 443}


async def validate_worker_url(url: str, settings: Settings, resolver: Resolver = resolve) -> str:
    """Return the URL in canonical form, without a trailing slash.

    The host may resolve differently a moment later, so every connection checks and pins it again.

    Raises:
        InvalidRequestError: The URL is not allowed.
    """
    parts = _split(url)
    if settings.local_system and _is_loopback(parts):
        return f"http://{parts.netloc}"
    if parts.scheme != "https" or parts.port not in _PORTS:
        raise _refused("it must use https on port 443")
    host = (parts.hostname or "").lower()
    if not is_host(host) or parts.netloc.lower() not in {host, f"{host}:443"}:
        raise _refused("it is malformed")
    if not any(host.endswith(suffix) for suffix in settings.worker_hosts):
        raise _refused("its host is not allowed")
    await public_addresses(host, resolver)
    return f"https://{host}"


def _split(url: str) -> SplitResult:
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        raise _refused("it is malformed")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise _refused("it is malformed") from None
    if "@" in parts.netloc or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise _refused("it must contain only scheme, host and port")
    return parts


def _is_loopback(parts: SplitResult) -> bool:
    return parts.scheme == "http" and parts.hostname == "127.0.0.1" and parts.port is not None


def _refused(why: str) -> InvalidRequestError:
    return InvalidRequestError(f"Invalid worker URL: {why}.")
