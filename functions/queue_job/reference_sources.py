"""Resolves a reference to a stored object, by its path or signed URL, and reads it."""

import re
from typing import Literal, NamedTuple, cast
from urllib.parse import unquote

from shared.auth import url_tokens
from shared.auth.authenticators import User
from shared.contracts.job_catalog import JOB_TYPES
from shared.db.queries import workspace_assets
from shared.errors import InvalidRequestError, NotFoundError, UnauthenticatedError
from shared.services import Services
from shared.storage import user_uploads

Bucket = Literal["workspace-temp", "user-library"]

_BUCKETS: tuple[Bucket, ...] = ("workspace-temp", "user-library")
"""Public names, in the order in which a path without a bucket is searched for."""

_SIGNED = re.compile(
    r"(?:https?://[^/?#]+)?(?:/storage/v1)?/object/sign/"
    r"(workspace-temp|user-library)/([^?#]+)(?:\?(?:[^#]*?&)?token=([^&#]+))?.*",
    re.DOTALL,
)
"""A signed URL of this system, at any host: the token proves it."""

_PLAIN = re.compile(r"[!-~]+")
_MAX_BYTES = max(row.max_bytes for row in JOB_TYPES.values() if row.media == "image")
"""The largest image that a job of this system may produce."""


class ObjectRef(NamedTuple):
    """An object in one of the two buckets, by the bucket's public name."""

    bucket: Bucket
    path: str


async def resolve(source: str, user: User, services: Services) -> ObjectRef | None:
    """Return the stored object that a reference names; None for a URL of another site.

    Args:
        source: a signed URL of this system, a path with or without its bucket, or any other URL.
        user: whose object a path must name.
        services: the process's services.

    Raises:
        InvalidRequestError: The token of a signed URL is not valid for that object.
        NotFoundError: The object does not exist, or is not the user's.
    """
    signed = _SIGNED.fullmatch(source)
    if signed:
        place = ObjectRef(cast("Bucket", signed[1]), unquote(signed[2]))
        return await _from_signed_url(place, signed[3] or "", services)
    return None if "://" in source else await _from_path(source, user, services)


async def _from_signed_url(place: ObjectRef, token: str, services: Services) -> ObjectRef:
    """Return the object of a signed URL: the token proves access, and its row must still exist.

    An upload has no row; it exists as long as its file does.
    """
    try:
        allowed = url_tokens.check(token, services).place
    except UnauthenticatedError as problem:
        raise InvalidRequestError(problem.message) from None
    if allowed != "/".join(place):
        raise InvalidRequestError("The signed URL is for another object.")
    async with services.database.transaction() as connection:
        if await workspace_assets.is_visible(connection, place.bucket, place.path):
            return place
    if place.bucket == user_uploads.BUCKET and user_uploads.upload_owner(place.path):
        return place
    raise NotFoundError("The referenced object does not exist any more.")


async def _from_path(source: str, user: User, services: Services) -> ObjectRef:
    """Return the user's object at a path: it must have a row, and be in the user's folder.

    An object without a row can only be an upload.
    """
    bucket, _, rest = source.partition("/")
    if bucket in _BUCKETS:
        places = [ObjectRef(bucket, rest)]
    else:
        places = [ObjectRef(bucket, source) for bucket in _BUCKETS]
    if _PLAIN.fullmatch(source) and places[0].path.startswith(f"{user.id}/"):
        async with services.database.transaction(user.role, user.claims) as connection:
            for place in places:
                if await workspace_assets.is_visible(connection, *place):
                    return place
    for place in places:
        if place.bucket == user_uploads.BUCKET and user_uploads.is_upload_path(place.path, user.id):
            return place
    raise NotFoundError("Reference image not found.")


async def read(place: ObjectRef, services: Services) -> bytes:
    """Read an image from its bucket.

    Raises:
        InvalidRequestError: The object is a video, or larger than ``_MAX_BYTES``.
        NotFoundError: Its file does not exist any more.
    """
    if place.path.endswith(".mp4"):
        raise InvalidRequestError("A reference must be an image, not a video.")
    settings = services.settings
    names = {"workspace-temp": settings.workspace_bucket, "user-library": settings.library_bucket}
    content = await services.storage.read(names[place.bucket], place.path, max_bytes=_MAX_BYTES + 1)
    if content is None:
        raise NotFoundError("The referenced file does not exist any more.")
    if len(content) > _MAX_BYTES:
        raise InvalidRequestError(f"The image must not be larger than {_MAX_BYTES} bytes.")
    return content
