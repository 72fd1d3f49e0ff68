"""Object access: row-level security of the object's row, or for uploads the user's folder."""

import asyncio
from collections.abc import Iterable

from psycopg.errors import InsufficientPrivilege

from functions.storage.object_urls import ObjectRef, bucket_name
from shared.auth.authenticators import Anon, User
from shared.db.queries import storage_access
from shared.db.queries.storage_access import Bucket
from shared.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from shared.services import Services
from shared.storage import user_uploads
from shared.storage.types import ObjectMetadata

_AT_ONCE = 10
"""Concurrent requests to the storage."""


async def check(ref: ObjectRef, caller: User | Anon, services: Services) -> None:
    """Raise NotFoundError if the object does not exist or the caller may not read it."""
    if not await accessible(ref.bucket, [ref.path], caller, services):
        raise _missing()


async def stat(ref: ObjectRef, services: Services) -> ObjectMetadata:
    """Return an object's metadata. Raises NotFoundError if it does not exist."""
    metadata = await services.storage.get_metadata(bucket_name(ref.bucket, services), ref.path)
    if metadata is None:
        raise _missing()
    return metadata


async def accessible(
    bucket: Bucket, paths: Iterable[str], caller: User | Anon, services: Services
) -> set[str]:
    """Return those of the paths whose object exists and may be read by the caller."""
    valid = {path for path in paths if user_uploads.is_valid_key(path)}
    uploaded = {path for path in valid if _is_upload(bucket, path, caller)}
    readable = await _stored(sorted(uploaded), services)
    if recorded := valid - uploaded:
        readable |= await _recorded(bucket, recorded, caller, services)
    return readable


def require_token(caller: User | Anon) -> User | Anon:
    """Return the caller if it has sent a token: a user's, or at least the project's anon key.

    Raises:
        UnauthenticatedError: There is no token.
    """
    if isinstance(caller, Anon) and not caller.has_key:
        raise UnauthenticatedError("A token is required: a user's, or the project's anon key.")
    return caller


def require_user(caller: User | Anon) -> User:
    """Return the caller if it is a signed-in user.

    Raises:
        UnauthenticatedError: There is no token.
        ForbiddenError: The token is the anon key.
    """
    require_token(caller)
    if isinstance(caller, Anon):
        raise ForbiddenError("This requires a signed-in user.")
    return caller


def _is_upload(bucket: Bucket, path: str, caller: User | Anon) -> bool:
    if bucket != user_uploads.BUCKET or isinstance(caller, Anon):
        return False
    return user_uploads.is_upload_path(path, caller.id)


async def _recorded(
    bucket: Bucket, paths: set[str], caller: User | Anon, services: Services
) -> set[str]:
    try:
        async with services.database.transaction(caller.role, caller.claims) as connection:
            return await storage_access.visible(connection, bucket, sorted(paths))
    except InsufficientPrivilege:  # anon may not read the workspace's table at all
        return set()


async def _stored(paths: list[str], services: Services) -> set[str]:
    """Return the paths that exist in the bucket: an upload has no row."""
    bucket = bucket_name(user_uploads.BUCKET, services)
    existing: set[str] = set()
    for start in range(0, len(paths), _AT_ONCE):
        batch = paths[start : start + _AT_ONCE]
        stats = await asyncio.gather(
            *(services.storage.get_metadata(bucket, path) for path in batch)
        )
        existing |= {path for path, stat in zip(batch, stats, strict=True) if stat}
    return existing


def _missing() -> NotFoundError:
    return NotFoundError("Object not found")
