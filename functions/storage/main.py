"""/storage/v1: sign an object's address, fetch, list, upload and remove one's own files.

It speaks as Supabase Storage does, so that its clients need not know the difference.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from pydantic import BaseModel

from functions.storage import fetching, listing, refusals, removing, signing, uploading
from functions.storage.addresses import Kind, Place, parse
from shared.auth.authenticators import Anon, User, anyone
from shared.errors import ForbiddenError, MethodNotAllowedError, NotFoundError
from shared.http import Call, Content, Redirect, endpoint
from shared.services import Services

_Answer: TypeAlias = BaseModel | Content | Redirect
_Act: TypeAlias = Callable[[Call, Place, User | Anon, Services], Awaitable[_Answer]]


async def _refuse(*_: object) -> _Answer:
    raise ForbiddenError("Files are neither moved nor copied here; workspace-actions keeps them.")


_OF_OBJECTS: dict[Kind, dict[str, _Act]] = {
    "object": {
        "GET": fetching.fetch,
        "HEAD": fetching.fetch,
        "POST": uploading.create,
        "PUT": uploading.replace,
    },
    "public": {"GET": fetching.fetch_public, "HEAD": fetching.fetch_public},
    "sign": {
        "GET": fetching.fetch_signed,
        "HEAD": fetching.fetch_signed,
        "POST": signing.sign,
    },
    "upload": {"POST": uploading.sign, "PUT": uploading.create_signed},
    "info": {"GET": fetching.info},
}
_OF_BUCKETS: dict[Kind, dict[str, _Act]] = {
    "object": {"DELETE": removing.remove},
    "sign": {"POST": signing.sign_many},
    "list": {"POST": listing.list_folder},
    "move": {"POST": _refuse},
    "copy": {"POST": _refuse},
}


async def storage(
    call: Call, caller: User | Anon, services: Services
) -> BaseModel | Content | Redirect:
    """What is asked of an object, or of a bucket, by its address and the method."""
    kind, place = parse(call.path)
    acts = (_OF_OBJECTS if place.path else _OF_BUCKETS).get(kind, {})
    if act := acts.get(call.method):
        return await act(call, place, caller, services)
    if acts and place.path:
        raise MethodNotAllowedError
    raise NotFoundError("There is nothing at this address.")


main = endpoint(
    storage,
    caller=anyone,
    methods=("GET", "HEAD", "POST", "PUT", "DELETE"),
    tell=refusals.body,
)
