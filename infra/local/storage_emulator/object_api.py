"""JSON API: list, read, change and delete objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from . import metadata
from .listing import Selection, page_size
from .media_response import media_response
from .preconditions import Preconditions, integer
from .urls import base_url

if TYPE_CHECKING:
    from starlette.requests import Request

    from .store import Store


async def list_objects(store: Store, request: Request, bucket: str) -> Response:
    """GET /b/BUCKET/o: one page of objects, and of folders if there is a delimiter."""
    selection = Selection.from_query(request.query_params)
    stored = store.objects.list(bucket, selection.first)
    page = selection.page(stored, page_size(request.query_params))
    body = {
        "kind": "storage#objects",
        "items": [item.resource(base_url(request)) for item in page.items],
        "prefixes": page.folders,
    }
    if page.next_token:
        body["nextPageToken"] = page.next_token
    return JSONResponse(body)


async def get_object(store: Store, request: Request, bucket: str, name: str) -> Response:
    """GET /b/BUCKET/o/NAME: the object's resource, or its bytes with alt=media."""
    query = request.query_params
    stored = store.objects.get(
        bucket,
        name,
        Preconditions.from_query(query),
        generation=integer(query, "generation"),
        reading=True,
    )
    if query.get("alt") == "media":
        return media_response(store.files, request, stored, etag=stored.etag)
    return JSONResponse(stored.resource(base_url(request)), headers={"etag": stored.etag})


async def patch_object(store: Store, request: Request, bucket: str, name: str) -> Response:
    """PATCH /b/BUCKET/o/NAME: change the object's metadata."""
    changes = metadata.of_object(metadata.parse(await request.body()))
    query = request.query_params
    conditions = Preconditions.from_query(query)
    generation = integer(query, "generation")
    patched = store.objects.patch(bucket, name, changes, conditions, generation)
    return JSONResponse(patched.resource(base_url(request)))


async def delete_object(store: Store, request: Request, bucket: str, name: str) -> Response:
    """DELETE /b/BUCKET/o/NAME: delete the object."""
    query = request.query_params
    conditions = Preconditions.from_query(query)
    store.objects.delete(bucket, name, conditions, integer(query, "generation"))
    return Response(status_code=204)
