"""Names and links in addresses: how they come in, and how they go out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from .errors import InvalidError

if TYPE_CHECKING:
    from starlette.requests import Request


def base_url(request: Request) -> str:
    """Give the address that the caller used, for the links in its answer."""
    return f"http://{request.headers.get('host', '')}"


def raw_path(request: Request) -> str:
    """Give the path as it was sent: decoded, an encoded slash could not be told from a real one."""
    path: bytes = request.scope["raw_path"]
    return path.decode("latin-1")


def decode(segment: str) -> str:
    """Undo percent-encoding, refusing what is not UTF-8."""
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidError("The name is not UTF-8.") from error
