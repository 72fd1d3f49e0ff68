"""Which object of ours a request means as a reference, and its bytes."""

import re
from typing import Literal, NamedTuple, cast
from urllib.parse import unquote

from shared.auth import url_tokens
from shared.auth.authenticators import User
from shared.contracts.job_catalog import CATALOGUE
from shared.db.queries import workspace_assets
from shared.errors import InvalidError, NotFoundError, UnauthenticatedError
from shared.services import Services
from shared.storage import user_uploads

Bucket = Literal["workspace-temp", "user-library"]

_BUCKETS: tuple[Bucket, ...] = ("workspace-temp", "user-library")
"""By their public names, in the order in which a path that names none is looked for."""

_SIGNED = re.compile(
    r"(?:https?://[^/?#]+)?(?:/storage/v1)?/object/sign/"
    r"(workspace-temp|user-library)/([^?#]+)(?:\?(?:[^#]*?&)?token=([^&#]+))?.*",
    re.DOTALL,
)
"""A signed address of ours, at whatever host: its token is what proves it."""

_PLAIN = re.compile(r"[!-~]+")
_MOST_BYTES = max(row.most_bytes for row in CATALOGUE.values() if row.media == "image")
"""As large as a picture that we make may be."""


class Place(NamedTuple):
    """An object of ours."""

    bucket: Bucket
    path: str


async def find(given: str, user: User, services: Services) -> Place | None:
    """The object of ours that is meant; None for a stranger's address."""
    signed = _SIGNED.fullmatch(given)
    if signed:
        place = Place(cast("Bucket", signed[1]), unquote(signed[2]))
        return await _proven(place, signed[3] or "", services)
    return None if "://" in given else await _owned(given, user, services)


async def _proven(place: Place, token: str, services: Services) -> Place:
    """An object by its signed address: the token proves it, and its row must still exist.

    An upload has no row; it is there as long as its file is.
    """
    try:
        allowed = url_tokens.check(token, services).place
    except UnauthenticatedError as problem:
        raise InvalidError(problem.sentence) from None
    if allowed != "/".join(place):
        raise InvalidError("The address is signed for another object.")
    async with services.database.transaction() as connection:
        if await workspace_assets.is_visible(connection, place.bucket, place.path):
            return place
    if place.bucket == user_uploads.BUCKET and user_uploads.owner(place.path):
        return place
    raise NotFoundError("There is no such object any more.")


async def _owned(given: str, user: User, services: Services) -> Place:
    """An object of the caller's by its path: the row decides, and in whose folder it lies.

    What has no row can only be an upload.
    """
    bucket, _, rest = given.partition("/")
    if bucket in _BUCKETS:
        places = [Place(bucket, rest)]
    else:
        places = [Place(one, given) for one in _BUCKETS]
    if _PLAIN.fullmatch(given) and places[0].path.startswith(f"{user.id}/"):
        async with services.database.transaction(user.role, user.claims) as connection:
            for place in places:
                if await workspace_assets.is_visible(connection, *place):
                    return place
    for place in places:
        if place.bucket == user_uploads.BUCKET and user_uploads.may_lie_at(place.path, user.id):
            return place
    raise NotFoundError("There is no such object of yours.")


async def read(place: Place, services: Services) -> bytes:
    """The picture that lies there.

    Raises:
        InvalidError: where it is a video, or too large.
        NotFoundError: where its file is gone.
    """
    if place.path.endswith(".mp4"):
        raise InvalidError("A reference is a picture, and this is a video.")
    settings = services.settings
    names = {"workspace-temp": settings.workspace_bucket, "user-library": settings.library_bucket}
    content = await services.storage.read(
        names[place.bucket], place.path, most_bytes=_MOST_BYTES + 1
    )
    if content is None:
        raise NotFoundError("The object's file is gone.")
    if len(content) > _MOST_BYTES:
        raise InvalidError(f"This picture holds more than {_MOST_BYTES} bytes.")
    return content
