"""Resolves a reference to a stored object, by its path or signed URL, and reads it."""

import re
from dataclasses import dataclass
from typing import Literal, cast
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


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object in one of the two buckets, by the bucket's public name."""

    bucket: Bucket
    path: str

    @property
    def key(self) -> str:
        """The bucket's public name and the path, joined by a slash."""
        return f"{self.bucket}/{self.path}"


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
        ref = ObjectRef(cast("Bucket", signed[1]), unquote(signed[2]))
        return await _from_signed_url(ref, signed[3] or "", services)
    return None if "://" in source else await _from_path(source, user, services)


async def _from_signed_url(ref: ObjectRef, token: str, services: Services) -> ObjectRef:
    """Return the object of a signed URL: the token proves access, and its row must still exist.

    An upload has no row; it exists as long as its file does.
    """
    try:
        signed_key = url_tokens.check(token, services).object_key
    except UnauthenticatedError as problem:
        raise InvalidRequestError(problem.message) from None
    if signed_key != ref.key:
        raise InvalidRequestError("The signed URL is for another object.")
    async with services.database.transaction() as connection:
        if await workspace_assets.is_visible(connection, ref.bucket, ref.path):
            return ref
    if ref.bucket == user_uploads.BUCKET and user_uploads.upload_owner(ref.path):
        return ref
    raise NotFoundError("The referenced object does not exist any more.")


async def _from_path(source: str, user: User, services: Services) -> ObjectRef:
    """Return the user's object at a path: it must have a row, and be in the user's folder.

    An object without a row can only be an upload.
    """
    bucket, _, rest = source.partition("/")
    if bucket in _BUCKETS:
        candidates = [ObjectRef(bucket, rest)]
    else:
        candidates = [ObjectRef(bucket, source) for bucket in _BUCKETS]
    if _PLAIN.fullmatch(source) and candidates[0].path.startswith(f"{user.id}/"):
        async with services.database.transaction(user.role, user.claims) as connection:
            for ref in candidates:
                if await workspace_assets.is_visible(connection, ref.bucket, ref.path):
                    return ref
    for ref in candidates:
        if ref.bucket == user_uploads.BUCKET and user_uploads.is_upload_path(ref.path, user.id):
            return ref
    raise NotFoundError("Reference image not found.")


async def read(ref: ObjectRef, services: Services) -> bytes:
    """Read an image from its bucket.

    Raises:
        InvalidRequestError: The object is a video, or larger than ``_MAX_BYTES``.
        NotFoundError: Its file does not exist any more.
    """
    if ref.path.endswith(".mp4"):
        raise InvalidRequestError("A reference must be an image, not a video.")
    settings = services.settings
    names = {"workspace-temp": settings.workspace_bucket, "user-library": settings.library_bucket}
    content = await services.storage.read(names[ref.bucket], ref.path, max_bytes=_MAX_BYTES + 1)
    if content is None:
        raise NotFoundError("The referenced file does not exist any more.")
    if len(content) > _MAX_BYTES:
        raise InvalidRequestError(f"The image must not be larger than {_MAX_BYTES} bytes.")
    return content
