"""Object bytes on disk: receive, verify and read ranges."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import google_crc32c

from .errors import BadDigestError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path
    from typing import BinaryIO

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """A complete file on disk with its size and checksums (base64)."""

    path: Path
    size: int
    crc32c: str
    md5: str | None
    component_count: int | None = None

    def verify(self, expected: Mapping[str, str]) -> None:
        """Compare the checksums with the sender's `crc32c` and `md5`, as far as they are given.

        Raises:
            BadDigestError: one differs.
        """
        for name, actual in (("crc32c", self.crc32c), ("md5", self.md5)):
            if expected.get(name, actual) != actual:
                raise BadDigestError(
                    f'Provided {name.upper()} hash "{expected[name]}" doesn\'t match '
                    f'calculated {name.upper()} hash "{actual}".'
                )


class Digest:
    """Computes the size and both checksums of a stream of bytes."""

    def __init__(self) -> None:
        self.size = 0
        self._crc32c = 0
        self._md5 = hashlib.md5(usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        """Add the next bytes."""
        self.size += len(chunk)
        self._crc32c = google_crc32c.extend(self._crc32c, chunk)
        self._md5.update(chunk)

    def content(self, path: Path) -> Content:
        """Return the content, whose bytes are stored at `path`."""
        crc32c = base64.b64encode(self._crc32c.to_bytes(4, "big")).decode()
        md5 = base64.b64encode(self._md5.digest()).decode()
        return Content(path, self.size, crc32c, md5)


class ContentFiles:
    """The files: `objects/<generation>`, and `incoming/` for those that are not complete yet.

    Object names are never used as file names, so no name can lead outside the directory.
    """

    def __init__(self, directory: Path) -> None:
        self._objects = directory / "objects"
        self._incoming = directory / "incoming"
        self._objects.mkdir(parents=True, exist_ok=True)
        self._incoming.mkdir(exist_ok=True)

    @asynccontextmanager
    async def receive(self, chunks: AsyncIterable[bytes]) -> AsyncIterator[Content]:
        """Write the chunks to a file that exists as long as the context."""
        path = self._incoming / uuid4().hex
        digest = Digest()
        try:
            with path.open("wb", buffering=0) as file:
                async for chunk in chunks:
                    file.write(chunk)
                    digest.update(chunk)
            yield digest.content(path)
        finally:
            path.unlink(missing_ok=True)

    def adopt(self, content: Content, generation: int) -> None:
        """Store a content as an object version, in one atomic step.

        It uses a hard link, not a rename: the source stays until the metadata is committed, so a
        resumable upload survives a crash in between, and copying an object is the same step.
        """
        os.link(content.path, self.path(generation))

    def path(self, generation: int) -> Path:
        """Return the path of an object version's file."""
        return self._objects / str(generation)

    def open(self, generation: int) -> BinaryIO:
        """Open the bytes for reading; they stay readable if the object is replaced meanwhile."""
        return self.path(generation).open("rb", buffering=0)

    def discard(self, generation: int) -> None:
        """Delete the file of a version that no metadata refers to any more."""
        self.path(generation).unlink(missing_ok=True)

    def remove_stale(self, live: AbstractSet[int]) -> None:
        """Delete what a killed process left: incomplete files and versions without metadata."""
        for path in self._incoming.iterdir():
            path.unlink()
        for path in self._objects.iterdir():
            if int(path.name) not in live:
                path.unlink()


async def read(file: BinaryIO, start: int, length: int) -> AsyncIterator[bytes]:
    """Yield `length` bytes from `start` on, and close the file."""
    with file:
        file.seek(start)
        while length > 0 and (chunk := file.read(min(CHUNK_BYTES, length))):
            length -= len(chunk)
            yield chunk
            # Reading a cached file never yields: without this a large object would block the loop.
            await asyncio.sleep(0)


async def measure(path: Path, size: int) -> Content:
    """Compute the checksums of `size` bytes that are already on disk."""
    digest = Digest()
    async for chunk in read(path.open("rb", buffering=0), 0, size):
        digest.update(chunk)
    return digest.content(path)
