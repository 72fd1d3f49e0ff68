"""Who may have which object: its row decides, by row-level security; of an upload, its folder."""

import asyncio
from collections.abc import Iterable

from psycopg.errors import InsufficientPrivilege

from functions.storage.object_urls import Place, bucket_name
from shared.auth.authenticators import Anon, User
from shared.db.queries import storage_access
from shared.db.queries.storage_access import Bucket
from shared.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from shared.services import Services
from shared.storage import user_uploads
from shared.storage.types import StoredObject

_AT_ONCE = 10


async def check(place: Place, caller: User | Anon, services: Services) -> None:
    """Raise NotFoundError unless the caller may have the object, be it there or not."""
    if not await among(place.bucket, [place.path], caller, services):
        raise _missing()


async def stat(place: Place, services: Services) -> StoredObject:
    """What the bucket says of it. Raises NotFoundError where it is not there."""
    found = await services.storage.stat(bucket_name(place.bucket, services), place.path)
    if found is None:
        raise _missing()
    return found


async def among(
    bucket: Bucket, paths: Iterable[str], caller: User | Anon, services: Services
) -> set[str]:
    """Those of the paths at which the caller may have an object."""
    asked = {path for path in paths if user_uploads.is_key(path)}
    uploaded = {path for path in asked if _is_upload(bucket, path, caller)}
    found = await _stored(sorted(uploaded), services)
    if recorded := asked - uploaded:
        found |= await _recorded(bucket, recorded, caller, services)
    return found


def known(caller: User | Anon) -> User | Anon:
    """Whoever shows a token, the project's anon key at least."""
    if isinstance(caller, Anon) and not caller.has_key:
        raise UnauthenticatedError("A token is needed, the user's or the project's anon key.")
    return caller


def signed_in(caller: User | Anon) -> User:
    """A user."""
    known(caller)
    if isinstance(caller, Anon):
        raise ForbiddenError("Only a signed-in user may do that.")
    return caller


def _is_upload(bucket: Bucket, path: str, caller: User | Anon) -> bool:
    if bucket != user_uploads.BUCKET or isinstance(caller, Anon):
        return False
    return user_uploads.may_lie_at(path, caller.id)


async def _recorded(
    bucket: Bucket, paths: set[str], caller: User | Anon, services: Services
) -> set[str]:
    try:
        async with services.database.transaction(caller.role, caller.claims) as connection:
            return await storage_access.visible(connection, bucket, sorted(paths))
    except InsufficientPrivilege:  # anon may not read the workspace's table at all
        return set()


async def _stored(paths: list[str], services: Services) -> set[str]:
    """Those that are there: an upload has no row."""
    bucket = bucket_name(user_uploads.BUCKET, services)
    found: set[str] = set()
    for start in range(0, len(paths), _AT_ONCE):
        batch = paths[start : start + _AT_ONCE]
        stats = await asyncio.gather(*(services.storage.stat(bucket, path) for path in batch))
        found |= {path for path, stat in zip(batch, stats, strict=True) if stat}
    return found


def _missing() -> NotFoundError:
    return NotFoundError("Object not found")
