"""/storage/v1: sign URLs, download, list, upload and delete files.

The requests and responses are those of Supabase Storage, so that its clients work unchanged.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from pydantic import BaseModel

from functions.storage import download, errors, listing, remove, signed_urls, upload
from functions.storage.object_urls import Kind, ObjectRef, parse
from shared.auth.authenticators import Anon, User, optional_user
from shared.errors import ForbiddenError, MethodNotAllowedError, NotFoundError
from shared.http import HttpRequest, RawResponse, Redirect, endpoint
from shared.services import Services

_Response: TypeAlias = BaseModel | RawResponse | Redirect
_Handler: TypeAlias = Callable[
    [HttpRequest, ObjectRef, User | Anon, Services], Awaitable[_Response]
]


async def _refuse(*_: object) -> _Response:
    raise ForbiddenError(
        "Moving and copying files is not supported; use workspace-actions to save or copy assets."
    )


_OF_OBJECTS: dict[Kind, dict[str, _Handler]] = {
    "object": {
        "GET": download.fetch,
        "HEAD": download.fetch,
        "POST": upload.upload,
        "PUT": upload.replace,
    },
    "public": {"GET": download.fetch_public, "HEAD": download.fetch_public},
    "sign": {
        "GET": download.fetch_signed,
        "HEAD": download.fetch_signed,
        "POST": signed_urls.sign,
    },
    "upload": {"POST": upload.sign, "PUT": upload.upload_signed},
    "info": {"GET": download.info},
}
_OF_BUCKETS: dict[Kind, dict[str, _Handler]] = {
    "object": {"DELETE": remove.remove},
    "sign": {"POST": signed_urls.sign_many},
    "list": {"POST": listing.list_folder},
    "move": {"POST": _refuse},
    "copy": {"POST": _refuse},
}


async def storage(
    call: HttpRequest, caller: User | Anon, services: Services
) -> BaseModel | RawResponse | Redirect:
    """Handle a request for an object or a bucket, selected by its URL and method."""
    kind, ref = parse(call.path)
    handlers = (_OF_OBJECTS if ref.path else _OF_BUCKETS).get(kind, {})
    if handler := handlers.get(call.method):
        return await handler(call, ref, caller, services)
    if handlers and ref.path:
        raise MethodNotAllowedError
    raise NotFoundError("Not found.")


main = endpoint(
    storage,
    authenticate=optional_user,
    methods=("GET", "HEAD", "POST", "PUT", "DELETE"),
    format_error=errors.body,
)
