"""JSON API: buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from . import metadata
from .listing import from_token, page_size, to_token
from .preconditions import Preconditions
from .urls import base_url

if TYPE_CHECKING:
    from starlette.requests import Request

    from .metadata import Properties
    from .store import Store


async def insert_bucket(store: Store, request: Request) -> Response:
    """POST /b: create a bucket."""
    document = metadata.parse(await request.body())
    bucket = store.buckets.create(document.get("name"), metadata.of_bucket(document))
    return JSONResponse(bucket.resource(base_url(request)))


async def list_buckets(store: Store, request: Request) -> Response:
    """GET /b: one page of buckets."""
    query = request.query_params
    limit = page_size(query)
    page = store.buckets.list(query.get("prefix", ""), from_token(query.get("pageToken", "")))
    body: Properties = {
        "kind": "storage#buckets",
        "items": [bucket.resource(base_url(request)) for bucket in page[:limit]],
    }
    if page[limit:]:
        body["nextPageToken"] = to_token(page[limit - 1].name)
    return JSONResponse(body)


async def get_bucket(store: Store, request: Request, bucket: str) -> Response:
    """GET /b/BUCKET: the bucket's configuration."""
    conditions = Preconditions.from_query(request.query_params)
    stored = store.buckets.get(bucket, conditions, reading=True)
    return JSONResponse(stored.resource(base_url(request)))


async def patch_bucket(store: Store, request: Request, bucket: str) -> Response:
    """PATCH /b/BUCKET: change the bucket's configuration."""
    changes = metadata.of_bucket(metadata.parse(await request.body()))
    conditions = Preconditions.from_query(request.query_params)
    patched = store.buckets.patch(bucket, changes, conditions)
    return JSONResponse(patched.resource(base_url(request)))


async def delete_bucket(store: Store, request: Request, bucket: str) -> Response:
    """DELETE /b/BUCKET: delete the bucket if it is empty."""
    store.buckets.delete(bucket, Preconditions.from_query(request.query_params))
    return Response(status_code=204)
