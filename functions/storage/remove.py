"""Deletes a user's uploads and workspace assets."""

import asyncio
from uuid import UUID

from pydantic import TypeAdapter

from functions.storage import access, listing
from functions.storage.object_urls import ObjectRef, bucket_name
from shared.auth.authenticators import Anon, User
from shared.contracts.storage import FileEntries, FileEntry, RemoveRequest
from shared.db.queries import storage_access
from shared.errors import ForbiddenError
from shared.http import HttpRequest, read_json
from shared.library import discard
from shared.services import Services
from shared.storage import user_uploads

_REMOVED = TypeAdapter(RemoveRequest)
_AT_ONCE = 5
"""Half of a process's database connections, so that other requests are not blocked."""


async def remove(
    call: HttpRequest, ref: ObjectRef, caller: User | Anon, services: Services
) -> FileEntries:
    """Delete uploads, and discard assets as the action ``discard_asset`` does.

    Thumbnails are deleted with their asset only. Paths of other users and of objects that do not
    exist are ignored.

    Returns:
        The entries of the deleted files.

    Raises:
        UnauthenticatedError: There is no token.
        ForbiddenError: The caller is not a user, or the bucket is not the workspace.
    """
    user = access.require_user(caller)
    if ref.bucket != user_uploads.BUCKET:
        raise ForbiddenError("Use delete_library_asset to delete library files.")
    requested = (await read_json(call, _REMOVED)).prefixes
    paths = [path for path in dict.fromkeys(requested) if user_uploads.is_valid_key(path)]
    async with services.database.transaction() as connection:
        assets = await storage_access.assets_at(connection, paths, user_id=user.id)
    own_paths = [
        path for path in paths if path in assets or user_uploads.is_upload_path(path, user.id)
    ]
    removed: list[FileEntry | None] = []
    for start in range(0, len(own_paths), _AT_ONCE):
        batch = own_paths[start : start + _AT_ONCE]
        gone = (_remove(path, assets.get(path), user, services) for path in batch)
        removed += await asyncio.gather(*gone)
    return FileEntries([entry for entry in removed if entry])


async def _remove(
    path: str, asset_id: UUID | None, user: User, services: Services
) -> FileEntry | None:
    """Delete one object and return its entry; None if its file did not exist any more."""
    bucket = bucket_name(user_uploads.BUCKET, services)
    metadata = await services.storage.get_metadata(bucket, path)
    if asset_id:
        await discard.discard_asset(asset_id, services, user_id=user.id)
    elif metadata:
        await services.storage.delete(bucket, path)
    return listing.entry(ObjectRef(user_uploads.BUCKET, path), metadata, path) if metadata else None
