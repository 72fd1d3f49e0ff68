"""Creates signed URLs, which give access to an object until they expire."""

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
    call: HttpRequest, ref: ObjectRef, caller: User | Anon, services: Services
) -> SignResponse:
    """Return a signed URL of one object.

    Raises:
        UnauthenticatedError: There is no token.
        NotFoundError: The object does not exist, or the caller may not read it.
    """
    seconds = (await read_json(call, _ONE)).expires_in
    await access.check(ref, access.require_token(caller), services)
    address = url_tokens.signed_path(ref.bucket, ref.path, seconds, services)
    return SignResponse(signed_url=address)


async def sign_many(
    call: HttpRequest, ref: ObjectRef, caller: User | Anon, services: Services
) -> SignedPaths:
    """Return signed URLs of several objects; those that cannot be read have an error instead.

    Raises:
        UnauthenticatedError: There is no token.
    """
    request = await read_json(call, _MANY)
    accessible = await access.accessible(
        ref.bucket, request.paths, access.require_token(caller), services
    )
    signed_paths = []
    for path in request.paths:
        address, error = None, _MISSING
        if path in accessible:
            address = url_tokens.signed_path(ref.bucket, path, request.expires_in, services)
        signed_paths.append(
            SignedPath(path=path, signed_url=address, error=None if address else error)
        )
    return SignedPaths(signed_paths)
