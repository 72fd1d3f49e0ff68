"""URL decoding and links."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from .errors import InvalidError

if TYPE_CHECKING:
    from starlette.requests import Request


def base_url(request: Request) -> str:
    """Return the base URL that the caller used, for links in the response."""
    return f"http://{request.headers.get('host', '')}"


def raw_path(request: Request) -> str:
    """Return the path before decoding, so that an encoded slash differs from a real one."""
    path: bytes = request.scope["raw_path"]
    return path.decode("latin-1")


def decode(segment: str) -> str:
    """Decode a percent-encoded segment.

    Raises:
        InvalidError: it is not UTF-8.
    """
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidError("The name is not UTF-8.") from error
