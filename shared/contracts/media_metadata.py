"""Locate and blank generation metadata in PNG chunks and MP4 boxes.

Workers write the metadata and exclude it from the signed content (C2PA); the functions can blank
it. Blanking keeps the file's length, so nothing else moves and the signature stays valid.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_PARTS = 10_000
"""Maximum chunks or boxes of a file. Files written by workers have fewer than a hundred."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_XMP = b"XML:com.adobe.xmp\0"
_PADDING = b"ovPd"
"""Chunk type of padding. By the case of its characters: ancillary, private, safe to copy."""


@dataclass(frozen=True, slots=True)
class Part:
    """A PNG chunk or an MP4 box: its type, its offset, and its length including the header."""

    kind: bytes
    start: int
    length: int


def metadata_parts(file: BinaryIO, mime_type: str) -> list[Part]:
    """Return the parts with generation settings: PNG text chunks except XMP, MP4 user data.

    Raises:
        ValueError: The file is broken, or its type is not supported.
    """
    if mime_type == "image/png":
        return [part for part in chunks(file) if part.kind in _TEXTS and not _is_xmp(file, part)]
    if mime_type == "video/mp4":
        movies = [box for box in boxes(file) if box.kind == b"moov"]
        inner = (child for box in movies for child in boxes(file, box))
        return [box for box in inner if box.kind == b"udta"]
    raise ValueError(f"no settings are kept in {mime_type}")


def blank_bytes(part: Part) -> bytes:
    """Return an empty replacement for a part, of the same length."""
    if part.kind == b"udta":
        size = part.length - 8
        padding = struct.pack(">I4s", size, b"free") if size >= 8 else b""  # noqa: PLR2004 - a header
        return struct.pack(">I4s", part.length, b"udta") + padding.ljust(size, b"\0")
    body = _PADDING + bytes(part.length - 12)
    return struct.pack(">I", part.length - 12) + body + struct.pack(">I", zlib.crc32(body))


def chunks(file: BinaryIO) -> Iterator[Part]:
    """Yield a PNG's chunks.

    Raises:
        ValueError: A chunk is truncated, there are more than MAX_PARTS, or the file is no PNG.
    """
    size = file.seek(0, 2)
    if _read(file, 0, 8) != PNG_SIGNATURE:
        raise ValueError("it is no PNG")
    at = 8
    for _ in range(MAX_PARTS):
        if at >= size:
            return
        length, kind = struct.unpack(">I4s", _read(file, at, 8))
        part = Part(kind, at, length + 12)
        at += part.length
        if at > size:
            raise ValueError("a chunk is cut short")
        yield part
    if at < size:
        raise ValueError("there are too many chunks")


def boxes(file: BinaryIO, inside: Part | None = None) -> Iterator[Part]:
    """Yield the boxes of an MP4, or of one box of it.

    Raises:
        ValueError: A box has a wrong length, or there are more than MAX_PARTS.
    """
    at, end = 0, file.seek(0, 2)
    if inside is not None:
        at, end = inside.start + 8, inside.start + inside.length
    for _ in range(MAX_PARTS):
        if at >= end:
            return
        length, kind = struct.unpack(">I4s", _read(file, at, 8))
        if length == 1:
            (length,) = struct.unpack(">Q", _read(file, at + 8, 8))
        length = length or end - at
        if length < 8 or at + length > end:  # noqa: PLR2004 - a header's bytes
            raise ValueError("a box is not as long as it says")
        yield Part(kind, at, length)
        at += length
    if at < end:
        raise ValueError("there are too many boxes")


def _is_xmp(file: BinaryIO, part: Part) -> bool:
    return part.kind == b"iTXt" and _peek(file, part.start + 8, len(_XMP)) == _XMP


def _read(file: BinaryIO, start: int, length: int) -> bytes:
    content = _peek(file, start, length)
    if len(content) < length:
        raise ValueError("the file is cut short")
    return content


def _peek(file: BinaryIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)
