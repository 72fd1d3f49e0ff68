"""Copy an object with its generation metadata blanked, streaming a few megabytes at a time."""

import base64
from typing import BinaryIO

import google_crc32c
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.storage import Blob
from google.cloud.storage.fileio import BlobReader

from shared.contracts.media_metadata import blank_bytes, metadata_parts
from shared.errors import ConflictError
from shared.storage import blobs
from shared.storage.types import TIMEOUT_SECONDS, ObjectMetadata

_READ_BYTES = 1024 * 1024
_WRITE_BYTES = 8 * 1024 * 1024
"""Chunk size of resumable uploads. Cloud Storage requires a multiple of 256 KiB."""

_UNREADABLE = "The settings cannot be removed: the file does not match its declared type."


class MetadataStrippingReader:
    """Reads a file with its generation settings blanked. Its length and all else stay the same.

    Raises:
        ValueError: The file is broken.
    """

    def __init__(self, file: BinaryIO, mime_type: str) -> None:
        self._file = file
        self._parts = metadata_parts(file, mime_type)
        self.seek, self.tell = file.seek, file.tell
        self.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Read up to ``size`` bytes; all that remain if negative."""
        start = self.tell()
        content = bytearray(self._file.read(size))
        end = start + len(content)
        for part in self._parts:
            first, last = max(start, part.start), min(end, part.start + part.length)
            if first < last:
                blank = blank_bytes(part)[first - part.start : last - part.start]
                content[first - start : last - start] = blank
        return bytes(content)


def copy_without_metadata(original: Blob, duplicate: Blob) -> ObjectMetadata | None:
    """Copy an object without its settings to a path that is free; None if the original is gone.

    A target that exists with the same bytes is success.

    Raises:
        ValueError: An object with other content exists at the target.
        ConflictError: ``unreadable``: the file is broken.
    """
    try:
        original.reload(timeout=TIMEOUT_SECONDS)
    except NotFound:
        return None
    reader = BlobReader(original, chunk_size=_READ_BYTES, timeout=TIMEOUT_SECONDS)
    try:
        blanked = MetadataStrippingReader(reader, original.content_type)
    except ValueError:
        raise ConflictError(_UNREADABLE, code="unreadable") from None
    _put(blanked, original, duplicate)
    return blobs.to_metadata(duplicate)


def _put(blanked: MetadataStrippingReader, original: Blob, duplicate: Blob) -> None:
    duplicate.chunk_size = _WRITE_BYTES
    try:
        duplicate.upload_from_file(
            blanked,
            size=original.size,
            content_type=original.content_type,
            if_generation_match=0,
            timeout=TIMEOUT_SECONDS,
        )
    except PreconditionFailed:
        duplicate.reload(timeout=TIMEOUT_SECONDS)
        if duplicate.crc32c != _checksum(blanked):
            raise ValueError("another object exists at the copy's path") from None


def _checksum(blanked: MetadataStrippingReader) -> str:
    blanked.seek(0)
    digest = google_crc32c.Checksum()
    while piece := blanked.read(_READ_BYTES):
        digest.update(piece)
    return base64.b64encode(digest.digest()).decode()
