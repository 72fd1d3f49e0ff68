"""Signed addresses: for whoever holds one, and as long as it says."""

from pydantic import TypeAdapter

from functions.storage import access
from functions.storage.object_urls import ObjectRef
from shared.auth import url_tokens
from shared.auth.authenticators import Anon, User
from shared.contracts.storage import (
    SignedPath,
    SignedPaths,
    SignManyRequest,
    SignRequest,
    SignResponse,
)
from shared.http import HttpRequest, read_json
from shared.services import Services

_ONE = TypeAdapter(SignRequest)
_MANY = TypeAdapter(SignManyRequest)
_MISSING = "Either the object does not exist or you do not have access to it"


async def sign(
    call: HttpRequest, place: ObjectRef, caller: User | Anon, services: Services
) -> SignResponse:
    """The address of one object."""
    seconds = (await read_json(call, _ONE)).expires_in
    await access.check(place, access.require_token(caller), services)
    address = url_tokens.signed_path(place.bucket, place.path, seconds, services)
    return SignResponse(signed_url=address)


async def sign_many(
    call: HttpRequest, place: ObjectRef, caller: User | Anon, services: Services
) -> SignedPaths:
    """Those of several, and which of them there are not."""
    request = await read_json(call, _MANY)
    found = await access.accessible(
        place.bucket, request.paths, access.require_token(caller), services
    )
    answers = []
    for path in request.paths:
        address, error = None, _MISSING
        if path in found:
            address = url_tokens.signed_path(place.bucket, path, request.expires_in, services)
        answers.append(SignedPath(path=path, signed_url=address, error=None if address else error))
    return SignedPaths(answers)
