"""multipart/related parsing: the metadata is read at once, the bytes are streamed."""

from __future__ import annotations

from email.message import Message
from typing import TYPE_CHECKING

from . import metadata
from .errors import ParseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from .metadata import Properties

_HEADS_LIMIT = 1024 * 1024


async def related(request: Request) -> tuple[Properties, AsyncIterator[bytes]]:
    """Split an upload into its metadata and its bytes.

    The content type of the bytes' part is the default of the metadata's.
    """
    delimiter = b"--" + _boundary(request)
    body = _Body(request.stream())
    await body.until(delimiter)
    await body.until(b"\r\n\r\n")
    document = metadata.parse((await body.until(delimiter)).strip())
    heads = Message()
    for line in (await body.until(b"\r\n\r\n")).decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        heads[name.strip()] = value.strip()
    return {"contentType": heads["content-type"], **document}, body.stream(b"\r\n" + delimiter)


def _boundary(request: Request) -> bytes:
    content_type = Message()
    content_type["content-type"] = request.headers.get("content-type", "")
    boundary = content_type.get_boundary()
    if not boundary:
        raise ParseError("Missing multipart boundary.")
    return boundary.encode("latin-1", "replace")


class _Body:
    """Reads a body from one marker to the next."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""

    async def until(self, marker: bytes) -> bytes:
        """Return the bytes before the marker, and skip the marker."""
        while marker not in self._buffer:
            if len(self._buffer) > _HEADS_LIMIT:
                raise ParseError("The metadata of the upload is too large.")
            self._buffer += await self._next()
        before, _, self._buffer = self._buffer.partition(marker)
        return before

    async def stream(self, marker: bytes) -> AsyncIterator[bytes]:
        """Yield the bytes before the marker; hold back only what may be its beginning."""
        while marker not in self._buffer:
            sure = max(len(self._buffer) - len(marker) + 1, 0)
            yield self._buffer[:sure]
            self._buffer = self._buffer[sure:] + await self._next()
        yield self._buffer.partition(marker)[0]

    async def _next(self) -> bytes:
        async for chunk in self._chunks:
            if chunk:
                return chunk
        raise ParseError("The multipart body ends too early.")
