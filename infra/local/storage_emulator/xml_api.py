"""XML API of objects, /BUCKET/OBJECT, for signed URLs only."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from starlette.responses import Response

from .errors import EntityTooLargeError, EntityTooSmallError, InvalidError, MethodNotAllowedError
from .media_response import identify, media_response
from .preconditions import Preconditions, integer
from .upload_api import header_checksums

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from .metadata import Properties
    from .store import Store
    from .stored_object import StoredObject

_STORED_HEADERS = {
    "cache-control": "cacheControl",
    "content-disposition": "contentDisposition",
    "content-encoding": "contentEncoding",
    "content-language": "contentLanguage",
    "content-type": "contentType",
}
_OVERRIDES = {
    "response-content-disposition": "content-disposition",
    "response-content-type": "content-type",
}
_METADATA_PREFIX = "x-goog-meta-"
_RANGE = re.compile(r"([0-9]{1,18}), ?([0-9]{1,18})")


async def serve(store: Store, request: Request, bucket: str, name: str) -> Response:
    """Handle a request whose signed URL is verified: GET, HEAD, PUT or DELETE."""
    match request.method:
        case "GET" | "HEAD":
            return _get(store, request, bucket, name)
        case "PUT":
            return await _put(store, request, bucket, name)
        case "DELETE":
            conditions = Preconditions.from_headers(request.headers)
            generation = integer(request.query_params, "generation")
            store.objects.delete(bucket, name, conditions, generation)
            return Response(status_code=204)
        case _:
            raise MethodNotAllowedError


def _get(store: Store, request: Request, bucket: str, name: str) -> Response:
    query = request.query_params
    conditions = Preconditions.from_headers(request.headers)
    generation = integer(query, "generation")
    stored = store.objects.get(bucket, name, conditions, generation=generation, reading=True)
    overrides = {header: query[name] for name, header in _OVERRIDES.items() if name in query}
    return media_response(store.files, request, stored, etag=_etag(stored), overrides=overrides)


async def _put(store: Store, request: Request, bucket: str, name: str) -> Response:
    conditions = Preconditions.from_headers(request.headers)
    async with store.files.receive(_within_range(request)) as content:
        content.verify(header_checksums(request))
        stored = store.objects.publish(bucket, name, content, _properties(request), conditions)
    return Response(headers=identify(stored) | {"etag": _etag(stored)})


async def _within_range(request: Request) -> AsyncIterator[bytes]:
    """Yield the body; raise an error as soon as it is outside x-goog-content-length-range."""
    smallest, largest = _content_length_range(request)
    if largest is not None and int(request.headers.get("content-length", 0)) > largest:
        raise EntityTooLargeError
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if largest is not None and size > largest:
            raise EntityTooLargeError
        yield chunk
    if size < smallest:
        raise EntityTooSmallError


def _content_length_range(request: Request) -> tuple[int, int | None]:
    text = request.headers.get("x-goog-content-length-range")
    if text is None:
        return 0, None
    bounds = _RANGE.fullmatch(text)
    if bounds is None or int(bounds[1]) > int(bounds[2]):
        raise InvalidError("Invalid x-goog-content-length-range.")
    return int(bounds[1]), int(bounds[2])


def _properties(request: Request) -> Properties:
    headers = request.headers
    metadata = {
        name.removeprefix(_METADATA_PREFIX): value
        for name, value in headers.items()
        if name.startswith(_METADATA_PREFIX)
    }
    named = {field: headers[name] for name, field in _STORED_HEADERS.items() if name in headers}
    return {**named, "metadata": metadata} if metadata else dict(named)


def _etag(stored: StoredObject) -> str:
    """Return the XML API's etag: the MD5 in hexadecimal if there is one."""
    if stored.md5 is None:
        return f'"-{stored.etag}"'
    return f'"{binascii.a2b_base64(stored.md5).hex()}"'
