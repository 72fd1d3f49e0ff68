"""Signed addresses: for whoever holds one, and as long as it says."""

from pydantic import TypeAdapter

from functions.storage import access
from functions.storage.object_urls import Place
from shared.auth import url_tokens
from shared.auth.authenticators import Anon, User
from shared.contracts.storage import (
    SignAnswer,
    SignedPath,
    SignedPaths,
    SignManyRequest,
    SignRequest,
)
from shared.http import Call, read_json
from shared.services import Services

_ONE = TypeAdapter(SignRequest)
_MANY = TypeAdapter(SignManyRequest)
_MISSING = "Either the object does not exist or you do not have access to it"


async def sign(call: Call, place: Place, caller: User | Anon, services: Services) -> SignAnswer:
    """The address of one object."""
    seconds = (await read_json(call, _ONE)).expires_in
    await access.check(place, access.known(caller), services)
    address = url_tokens.address(place.bucket, place.path, seconds, services)
    return SignAnswer(signed_url=address)


async def sign_many(
    call: Call, place: Place, caller: User | Anon, services: Services
) -> SignedPaths:
    """Those of several, and which of them there are not."""
    asked = await read_json(call, _MANY)
    found = await access.among(place.bucket, asked.paths, access.known(caller), services)
    answers = []
    for path in asked.paths:
        address, error = None, _MISSING
        if path in found:
            address = url_tokens.address(place.bucket, path, asked.expires_in, services)
        answers.append(SignedPath(path=path, signed_url=address, error=None if address else error))
    return SignedPaths(answers)
