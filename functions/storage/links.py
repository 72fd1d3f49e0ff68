"""Signed addresses: a token that proves which object may be fetched, and until when."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from shared import url_tokens
from shared.contracts.base import CamelContract
from shared.errors import NotFoundError, UnauthenticatedError
from shared.services import Services

MOST_SECONDS = 7 * 24 * 3600
"""As long as a V4 signed URL may last."""

MOST_REDIRECT_SECONDS = 3600
"""How long the bucket's own URL lasts: a film may be sought in for an hour."""

Bucket = Literal["workspace-temp", "user-library"]
_BUCKETS: dict[str, Bucket] = {"workspace-temp": "workspace-temp", "user-library": "user-library"}


class SignRequest(CamelContract):
    """``POST /object/sign/{bucket}/{path}``."""

    expires_in: Annotated[int, Field(ge=1, le=MOST_SECONDS)]


class SignAnswer(CamelContract):
    """The address, below ``/storage/v1``."""

    signed_url: str = Field(alias="signedURL")


class Place(NamedTuple):
    """An object, by the bucket's public name."""

    bucket: Bucket
    path: str


def parse(path: str) -> tuple[Place, Literal["sign", "object"]]:
    """The object that a path names, and whether it goes by a signed address.

    Raises:
        NotFoundError: for every other path.
    """
    head, _, rest = path.removeprefix("/").partition("/")
    kind: Literal["sign", "object"] = "object"
    if rest.startswith("sign/"):
        kind, rest = "sign", rest.removeprefix("sign/")
    else:
        rest = rest.removeprefix("authenticated/")
    bucket, _, name = rest.partition("/")
    if head != "object" or not name or "\0" in name:
        raise NotFoundError("There is nothing at this address.")
    if bucket not in _BUCKETS:
        raise NotFoundError("There is no such bucket.")
    return Place(_BUCKETS[bucket], name), kind


def bucket_name(bucket: Bucket, services: Services) -> str:
    """What the cloud calls it."""
    settings = services.settings
    return settings.workspace_bucket if bucket == "workspace-temp" else settings.library_bucket


def sign(place: Place, seconds: int, services: Services) -> str:
    """The address of an object for whoever holds it, for ``seconds``; below ``/storage/v1``."""
    return url_tokens.address(place.bucket, place.path, seconds, services)


def check(place: Place, token: str, services: Services) -> int:
    """How many seconds are left of a signed address, an hour at most.

    Raises:
        UnauthenticatedError: where the token has expired, or is another object's.
    """
    allowed, left = url_tokens.check(token, services)
    if allowed != "/".join(place):
        raise UnauthenticatedError("The address is signed for another object.")
    return max(1, min(left, MOST_REDIRECT_SECONDS))
