"""Listings of a user's folder, and the entries of files."""

import hashlib
from uuid import UUID

from pydantic import TypeAdapter

from functions.storage import access
from functions.storage.object_urls import ObjectRef, bucket_name
from shared.auth.authenticators import Anon, User
from shared.contracts.storage import (
    MAX_LISTED,
    FileEntries,
    FileEntry,
    FileMetadata,
    ListRequest,
    Order,
)
from shared.db.queries import storage_access
from shared.http import HttpRequest, read_json
from shared.services import Services
from shared.storage import user_uploads
from shared.storage.types import ObjectMetadata

_LISTED = TypeAdapter(ListRequest)


async def list_folder(
    call: HttpRequest, ref: ObjectRef, caller: User | Anon, services: Services
) -> FileEntries:
    """Return the entries of a folder; other users' folders appear empty.

    Folders come first. ``search`` is the beginning of a name, in any case.

    Raises:
        UnauthenticatedError: There is no token.
    """
    request = await read_json(call, _LISTED)
    access.require_token(caller)
    if isinstance(caller, Anon):
        return FileEntries([])
    folder = request.prefix.rstrip("/")
    if not folder:
        entries = await _entries(ref, f"{caller.id}/", caller, services)
        entries = [FileEntry(name=str(caller.id))] if entries else []
    elif user_uploads.is_valid_key(folder) and user_uploads.is_owned(f"{folder}/", caller.id):
        entries = await _entries(ref, f"{folder}/", caller, services)
    else:
        entries = []
    begins = request.search.lower()
    named = [entry for entry in entries if entry.name.lower().startswith(begins)]
    return FileEntries(
        _sorted(named, request.sort_by)[request.offset : request.offset + request.limit]
    )


async def _entries(ref: ObjectRef, folder: str, user: User, services: Services) -> list[FileEntry]:
    """Return a folder's files that the user may see: not the previews and manifests of jobs."""
    bucket = bucket_name(ref.bucket, services)
    listed = await services.storage.list_folder(bucket, folder, limit=MAX_LISTED)
    async with services.database.transaction(user.role, user.claims) as connection:
        recorded = await storage_access.names_in(connection, ref.bucket, folder, user_id=user.id)

    def is_shown(path: str, name: str) -> bool:
        is_upload = ref.bucket == user_uploads.BUCKET and user_uploads.is_upload_path(path, user.id)
        return is_upload or name in recorded

    def to_entry(metadata: ObjectMetadata) -> FileEntry:
        name = metadata.path.removeprefix(folder)
        return entry(ObjectRef(ref.bucket, metadata.path), metadata, name)

    inner = [path.removeprefix(folder).rstrip("/") for path in listed.folders]
    folders = [FileEntry(name=name) for name in inner if is_shown(f"{folder}{name}", name)]
    files = [to_entry(metadata) for metadata in listed.objects]
    return folders + [file for file in files if is_shown(folder + file.name, file.name)]


def _sorted(entries: list[FileEntry], by: Order) -> list[FileEntry]:
    """Sort folders first. They have only a name, so they are always sorted by it."""
    is_down = by.order == "desc"
    named = sorted(entries, key=lambda entry: entry.name, reverse=is_down and by.column == "name")
    folders = [entry for entry in named if entry.id is None]
    files = [entry for entry in named if entry.id is not None]
    if by.column != "name":
        files.sort(key=lambda entry: getattr(entry, by.column), reverse=is_down)
    return folders + files


CACHE_CONTROL = "private, max-age=0"
"""The bucket's default; objects do not override it."""


def id_of(ref: ObjectRef) -> UUID:
    """Return an object's id, derived from its key. Clients recognise folders by having no id."""
    digest = hashlib.sha256(ref.key.encode()).digest()
    return UUID(bytes=digest[:16], version=5)


def entry(ref: ObjectRef, metadata: ObjectMetadata, name: str) -> FileEntry:
    """Return the listing entry of a file, under ``name``."""
    file_metadata = FileMetadata(
        e_tag=f'"{metadata.etag}"',
        size=metadata.size,
        mimetype=metadata.content_type,
        cache_control=CACHE_CONTROL,
        last_modified=metadata.updated_at,
        content_length=metadata.size,
    )
    return FileEntry(
        name=name,
        id=id_of(ref),
        updated_at=metadata.updated_at,
        created_at=metadata.created_at,
        last_accessed_at=metadata.updated_at,
        metadata=file_metadata,
    )
