"""Object download responses: the bytes or a range of them, with the object's headers."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from .content_store import read
from .errors import NotModifiedError, RangeNotSatisfiableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from .content_store import ContentFiles
    from .stored_object import StoredObject

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def media_response(
    files: ContentFiles,
    request: Request,
    stored: StoredObject,
    *,
    etag: str,
    overrides: Mapping[str, str] | None = None,
) -> Response:
    """Return a response with the requested bytes, or only with their headers for HEAD.

    Args:
        files: the store of the bytes.
        request: its method, range and conditions count.
        stored: the object.
        etag: the object's etag in the format of the API.
        overrides: headers that replace the object's.

    Raises:
        NotModifiedError: the caller has this version already.
        RangeNotSatisfiableError: the range is beyond the end.
    """
    headers = describe(stored) | {"etag": etag} | dict(overrides or {})
    headers = {name: _header_value(value) for name, value in headers.items()}
    if request.headers.get("if-none-match") in {etag, "*"}:
        raise NotModifiedError(headers={"etag": etag})
    byte_range = _requested_range(request, stored.size, etag)
    start, stop = byte_range or (0, stored.size)
    headers["content-length"] = str(stop - start)
    if byte_range:
        headers["content-range"] = f"bytes {start}-{stop - 1}/{stored.size}"
    status = 206 if byte_range else 200
    if request.method == "HEAD":
        return Response(None, status, headers)
    chunks = read(files.open(stored.generation), start, stop - start)
    return StreamingResponse(chunks, status, headers)


def identify(stored: StoredObject) -> dict[str, str]:
    """Return the headers with an object's version and checksums."""
    checksums = [f"crc32c={stored.crc32c}"] + ([f"md5={stored.md5}"] if stored.md5 else [])
    return {
        "x-goog-generation": str(stored.generation),
        "x-goog-metageneration": str(stored.metageneration),
        "x-goog-hash": ",".join(checksums),
        "x-goog-stored-content-encoding": stored.properties.get("contentEncoding", "identity"),
        "x-goog-stored-content-length": str(stored.size),
    }


def describe(stored: StoredObject) -> dict[str, str]:
    """Return all headers of an object, including custom metadata."""
    properties = stored.properties
    updated = datetime.fromisoformat(stored.updated)
    named = {
        "cache-control": properties.get("cacheControl", "private, max-age=0"),
        "content-type": properties.get("contentType", "application/octet-stream"),
        "content-disposition": properties.get("contentDisposition"),
        "content-encoding": properties.get("contentEncoding"),
        "content-language": properties.get("contentLanguage"),
    }
    custom = {
        f"x-goog-meta-{name}": value
        for name, value in properties.get("metadata", {}).items()
        if _TOKEN.fullmatch(name)
    }
    return {
        **{name: value for name, value in named.items() if value is not None},
        **custom,
        **identify(stored),
        "x-goog-storage-class": "STANDARD",
        "accept-ranges": "bytes",
        "last-modified": format_datetime(updated, usegmt=True),
    }


def _header_value(text: str) -> str:
    """Encode a text as a header of one line in UTF-8, as Cloud Storage does."""
    return _CONTROLS.sub(" ", text).encode().decode("latin-1")


def _requested_range(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """Return the first byte and the one after the last, or None for all bytes.

    Anything but a single range is answered with all bytes, as HTTP allows.
    """
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if not match or request.headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if first:
        start, stop = int(first), min(int(last) + 1 if last else size, size)
    elif last:
        start, stop = max(size - int(last), 0), size
    else:
        return None
    if first and last and int(last) < start:
        return None
    if start >= stop:
        raise RangeNotSatisfiableError(headers={"content-range": f"bytes */{size}"})
    return start, stop
