"""JSON API: media, multipart and resumable uploads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from . import metadata
from .errors import InvalidError, NoSuchUploadError
from .multipart import related
from .preconditions import Preconditions
from .urls import base_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from starlette.requests import Request

    from .metadata import Properties
    from .store import Store
    from .stored_object import StoredObject
    from .uploads import Upload

_CONTENT_RANGE = re.compile(r"bytes (?:\*|(\d{1,18})-(\d{1,18}))/(?:\*|(\d{1,18}))")


async def insert_object(store: Store, request: Request, bucket: str) -> Response:
    """POST /upload/…/o: store an object, or start a resumable upload."""
    match request.query_params.get("uploadType"):
        case "media":
            document: Properties = {"contentType": request.headers.get("content-type")}
            return await _store(store, request, bucket, document, request.stream())
        case "multipart":
            document, chunks = await related(request)
            return await _store(store, request, bucket, document, chunks)
        case "resumable":
            return await _begin(store, request, bucket)
        case _:
            raise InvalidError("Invalid value for uploadType.")


async def continue_upload(store: Store, request: Request, bucket: str) -> Response:
    """PUT to a resumable upload's URL: add bytes, query how many have arrived, or both."""
    upload = _addressed(store, request, bucket)
    if upload.generation is not None:
        return _resource(request, store.uploads.outcome(upload))
    first, total = _content_range(request)
    if first is not None:
        await store.uploads.append(upload, first, total, request.stream())
    received = store.uploads.received(upload)
    if received != total and "content-range" in request.headers:
        arrived = {"range": f"bytes=0-{received - 1}"} if received else {}
        return Response(status_code=308, headers=arrived)
    return _resource(request, await store.uploads.finish(upload.id, header_checksums(request)))


async def cancel_upload(store: Store, request: Request, bucket: str) -> Response:
    """DELETE a resumable upload's URL; Cloud Storage responds with 499, Client Closed Request."""
    await store.uploads.cancel(_addressed(store, request, bucket).id)
    return Response(status_code=499)


def header_checksums(request: Request) -> dict[str, str]:
    """Return the checksums in the request's headers: `crc32c` and `md5`, in base64."""
    hashes = request.headers.getlist("x-goog-hash")
    pairs = [pair.strip().partition("=") for text in hashes for pair in text.split(",")]
    checksums = {name: value for name, _, value in pairs if name in {"crc32c", "md5"}}
    md5 = request.headers.get("content-md5")
    return checksums | ({"md5": md5} if md5 else {})


async def _store(
    store: Store,
    request: Request,
    bucket: str,
    document: Properties,
    chunks: AsyncIterable[bytes],
) -> Response:
    name = _name(request, document)
    expected = _document_checksums(document) | header_checksums(request)
    fields = metadata.merge({}, metadata.of_object(document))
    conditions = Preconditions.from_query(request.query_params)
    async with store.files.receive(chunks) as content:
        content.verify(expected)
        stored = store.objects.publish(bucket, name, content, fields, conditions)
    return _resource(request, stored)


async def _begin(store: Store, request: Request, bucket: str) -> Response:
    document = metadata.parse(await request.body())
    content_type = request.headers.get("x-upload-content-type")
    fields = metadata.merge({"contentType": content_type}, metadata.of_object(document))
    upload_id = store.uploads.begin(
        bucket,
        _name(request, document),
        metadata.merge({}, fields),
        _document_checksums(document) | header_checksums(request),
        Preconditions.from_query(request.query_params),
    )
    path = f"/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={upload_id}"
    return Response(headers={"location": base_url(request) + path})


def _addressed(store: Store, request: Request, bucket: str) -> Upload:
    upload = store.uploads.get(request.query_params.get("upload_id", ""))
    if upload.bucket != bucket:
        raise NoSuchUploadError
    return upload


def _name(request: Request, document: Properties) -> str:
    name = request.query_params.get("name") or document.get("name")
    if not isinstance(name, str):
        raise InvalidError("Required parameter: name")
    return name


def _document_checksums(document: Properties) -> dict[str, str]:
    checksums = {"crc32c": document.get("crc32c"), "md5": document.get("md5Hash")}
    return {name: value for name, value in checksums.items() if isinstance(value, str)}


def _content_range(request: Request) -> tuple[int | None, int | None]:
    """Return the first byte's position and the total size; without the header 0 and None."""
    text = request.headers.get("content-range")
    if text is None:
        return 0, None
    match = _CONTENT_RANGE.fullmatch(text)
    if not match:
        raise InvalidError("Invalid value for Content-Range.")
    first, _, total = (None if group is None else int(group) for group in match.groups())
    return first, total


def _resource(request: Request, stored: StoredObject) -> Response:
    return JSONResponse(stored.resource(base_url(request)))
