"""JSON API: copy, rewrite and compose objects."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from . import metadata
from .content_store import read
from .errors import InvalidError
from .preconditions import NO_CONDITIONS, Preconditions, integer
from .urls import base_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.requests import Request

    from .metadata import Properties
    from .store import Store
    from .stored_object import StoredObject

_COMPOSE_LIMIT = 32


async def copy_object(
    store: Store, request: Request, bucket: str, name: str, to_bucket: str, to_name: str
) -> Response:
    """POST …/copyTo/…: copy an object and return the new one."""
    document = metadata.parse(await request.body())
    copy = _copy(store, request, (bucket, name), (to_bucket, to_name), document)
    return JSONResponse(copy.resource(base_url(request)))


async def rewrite_object(
    store: Store, request: Request, bucket: str, name: str, to_bucket: str, to_name: str
) -> Response:
    """POST …/rewriteTo/…: copy an object; always complete after one call."""
    document = metadata.parse(await request.body())
    copy = _copy(store, request, (bucket, name), (to_bucket, to_name), document)
    body = {
        "kind": "storage#rewriteResponse",
        "totalBytesRewritten": str(copy.size),
        "objectSize": str(copy.size),
        "done": True,
        "resource": copy.resource(base_url(request)),
    }
    return JSONResponse(body)


async def compose_object(store: Store, request: Request, bucket: str, name: str) -> Response:
    """POST /b/BUCKET/o/NAME/compose: concatenate up to 32 objects."""
    document = metadata.parse(await request.body())
    sources = _compose_sources(store, bucket, document)
    conditions = Preconditions.from_query(request.query_params)
    store.objects.check_write(bucket, name, conditions)
    destination = document.get("destination")
    fields = metadata.of_object(destination if isinstance(destination, dict) else {})
    async with store.files.receive(_bytes_of(store, sources)) as content:
        components = sum(source.component_count or 1 for source in sources)
        # Cloud Storage has only the CRC32C of a composite object.
        composite = replace(content, md5=None, component_count=components)
        composed = store.objects.publish(
            bucket, name, composite, metadata.merge({}, fields), conditions
        )
    return JSONResponse(composed.resource(base_url(request)))


def _compose_sources(store: Store, bucket: str, document: Properties) -> list[StoredObject]:
    sources = document.get("sourceObjects")
    if not isinstance(sources, list) or not 0 < len(sources) <= _COMPOSE_LIMIT:
        raise InvalidError("The number of source components must be between 1 and 32.")
    if document.get("deleteSourceObjects"):
        raise InvalidError("deleteSourceObjects is not supported here.")
    objects = []
    for source in sources:
        if not isinstance(source, dict):
            raise InvalidError("Invalid value for sourceObjects.")
        fields = source.get("objectPreconditions")
        conditions = Preconditions.from_query(fields) if isinstance(fields, dict) else NO_CONDITIONS
        generation = integer(source, "generation")
        name = str(source.get("name"))
        objects.append(store.objects.get(bucket, name, conditions, generation=generation))
    return objects


async def _bytes_of(store: Store, sources: Sequence[StoredObject]) -> AsyncIterator[bytes]:
    # All files are opened before the first is read, so replacing a source has no effect.
    with ExitStack() as stack:
        files = [stack.enter_context(store.files.open(source.generation)) for source in sources]
        for source, file in zip(sources, files, strict=True):
            async for chunk in read(file, 0, source.size):
                yield chunk


def _copy(
    store: Store,
    request: Request,
    source_address: tuple[str, str],
    address: tuple[str, str],
    document: Properties,
) -> StoredObject:
    """Publish the same bytes under another name; metadata in the body replaces the source's.

    Raises:
        ApiError: the source does not exist, or a precondition failed.
    """
    query = request.query_params
    source = store.objects.get(
        *source_address,
        Preconditions.from_query(query, "ifSource"),
        generation=integer(query, "sourceGeneration"),
    )
    content = store.objects.content(source)
    fields = metadata.merge({}, metadata.of_object(document))
    conditions = Preconditions.from_query(query)
    return store.objects.publish(*address, content, fields or source.properties, conditions)
