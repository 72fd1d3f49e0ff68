"""Reduce an image file to the parts that its pixels need, before any decoder reads it.

Walks the file once, by its headers, and limits what makes decoding expensive: parts, scans and
samples. Comments, profiles, previews, further frames and bytes after the end are left out, so no
decoder parses them.
"""

import re
import struct
from collections.abc import Callable

from shared.contracts.media_metadata import PNG_SIGNATURE
from shared.errors import InvalidRequestError

MAX_PIXELS = 40_000_000
MAX_PARTS = 10_000
"""Chunks or segments of a file. An encoder that writes 1 KiB a chunk fills 10 MiB with these."""

MAX_SCANS = 100
"""Passes over a JPEG. Encoders write about ten."""

MAX_SCANNED_PIXELS = 20 * MAX_PIXELS
"""A JPEG's pixels times its scans, since every scan visits each block again."""

MAX_SAMPLE_BYTES = 4 * MAX_PIXELS
"""A PNG's pixels before they are reduced to eight bits a channel."""

MAX_EXIF_BYTES = 64 * 1024
"""The size of one JPEG segment. Larger ones are left out, whatever the format."""

_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By colour type."""

_JPEG_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
"""A marker, but no image data (``ff 00``), restart marker or fill byte."""

_START, _END, _SCAN, _ARITHMETIC_TABLES = 0xD8, 0xD9, 0xDA, 0xCC
_STANDALONE = 0x01
_FRAMES = {0xC0, 0xC1, 0xC2}
"""Baseline, extended and progressive, Huffman-coded: those that browsers support."""

_OTHER_FRAMES = {*range(0xC3, 0xD0)} - {0xC4, _ARITHMETIC_TABLES}
_JPEG_TABLES = {0xC4, 0xDB, 0xDD}
_JPEG_ONCE = {0xE0: b"JFIF\0", 0xE1: b"Exif\0\0", 0xEE: b"Adobe"}
"""Segments of which the first is kept: they define colours and orientation."""

_WEBP_KEPT = {b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L", b"EXIF"}


def reduce(content: bytes) -> bytes:
    """Return the same picture without the parts that its pixels do not need.

    Raises:
        InvalidRequestError: The file is no PNG, JPEG or WebP, ends inside a part, or exceeds a
            limit.
    """
    reduce_format = _format_of(content)
    try:
        return reduce_format(content)
    except (struct.error, IndexError):
        raise truncated_file_error() from None


def truncated_file_error() -> InvalidRequestError:
    """Return the error for a file that cannot be read as a picture."""
    return InvalidRequestError("The file is not a complete PNG, JPEG or WebP image.")


def too_many_pixels() -> InvalidRequestError:
    """Return the error for a picture with more than ``MAX_PIXELS``."""
    return InvalidRequestError(f"This picture has more than {MAX_PIXELS // 1_000_000} megapixels.")


def _too_complex(limit: int, parts: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"This picture has more than {limit:,} {parts}; save it again first."
    )


def _format_of(content: bytes) -> Callable[[bytes], bytes]:
    if content.startswith(PNG_SIGNATURE):
        return _reduce_png
    if content.startswith(b"\xff\xd8"):
        return _reduce_jpeg
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _reduce_webp
    raise truncated_file_error()


def _reduce_png(content: bytes) -> bytes:
    view, kept, has_exif = memoryview(content), [memoryview(PNG_SIGNATURE)], False
    at = len(PNG_SIGNATURE)
    for _ in range(MAX_PARTS):
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise truncated_file_error()
        if kind == b"IHDR":
            _check_samples(content, at + 8)
        is_exif = kind == b"eXIf" and length <= MAX_EXIF_BYTES and not has_exif
        if kind in _PNG_KEPT or is_exif:
            kept.append(view[at:end])
        has_exif = has_exif or is_exif
        at = end
        if kind == b"IEND":
            return b"".join(kept)
    raise _too_complex(MAX_PARTS, "chunks")


def _check_samples(content: bytes, at: int) -> None:
    """Check the size that a PNG's header declares."""
    width, height, bits, colour_type = struct.unpack_from(">IIBB", content, at)
    if width * height > MAX_PIXELS:
        raise too_many_pixels()
    if width * height * bits * _PNG_CHANNELS.get(colour_type, 4) > 8 * MAX_SAMPLE_BYTES:
        raise InvalidRequestError(
            "This picture is too large for its colour depth; save it with 8 bits."
        )


def _reduce_jpeg(content: bytes) -> bytes:
    view, kept, seen, pixels = memoryview(content), [memoryview(b"\xff\xd8")], set[int](), 0
    at = 2
    for _ in range(MAX_PARTS):
        match = _JPEG_MARKER.search(content, at)
        if match is None:
            break  # no end marker; the decoder decides whether the data suffices
        marker, start = match[1][0], match.start()
        if marker == _END:
            kept.append(memoryview(b"\xff\xd9"))
            break
        if marker == _STANDALONE:
            at = match.end()
            continue
        if marker in _OTHER_FRAMES or marker in {_START, _ARITHMETIC_TABLES}:
            raise truncated_file_error()
        (length,) = struct.unpack_from(">H", content, start + 2)
        at = start + 2 + max(2, length)
        if at > len(content):
            raise truncated_file_error()
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, start + 5)
            pixels = max(pixels, width * height)
        if marker == _SCAN:
            following = _JPEG_MARKER.search(content, at)
            at = following.start() if following else len(content)
        opening = _JPEG_ONCE.get(marker)
        is_first = opening is not None and marker not in seen
        is_kept = is_first and content.startswith(opening or b"", start + 4)
        if marker == _SCAN or marker in _FRAMES | _JPEG_TABLES or is_kept:
            kept.append(view[start:at])
            seen.add(marker)
    else:
        raise _too_complex(MAX_PARTS, "segments")
    reduced = b"".join(kept)
    _check_scans(reduced, pixels)
    return reduced


def _check_scans(reduced: bytes, pixels: int) -> None:
    """Check the maximum number of scans.

    Counts the marker's two bytes anywhere in the file, so that a decoder that recovers from errors
    differently cannot find more scans.
    """
    if pixels > MAX_PIXELS:
        raise too_many_pixels()
    limit = min(MAX_SCANS, MAX_SCANNED_PIXELS // max(1, pixels))
    if reduced.count(bytes([0xFF, _SCAN])) > limit:
        raise _too_complex(limit, "scans")


def _reduce_webp(content: bytes) -> bytes:
    view, kept, seen = memoryview(content), list[memoryview](), set[bytes]()
    at, end = 12, min(len(content), 8 + struct.unpack_from("<I", content, 4)[0])
    for _ in range(MAX_PARTS):
        if at >= end:
            break
        kind, length = struct.unpack_from("<4sI", content, at)
        following = at + 8 + length + length % 2
        if at + 8 + length > end:
            raise truncated_file_error()
        is_small = kind != b"EXIF" or length <= MAX_EXIF_BYTES
        if kind in _WEBP_KEPT and kind not in seen and is_small:
            kept.append(view[at:following])
            seen.add(kind)
        at = following
    else:
        raise _too_complex(MAX_PARTS, "chunks")
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
