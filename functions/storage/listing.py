"""Listing one's own folder: what one made, what one keeps, and what one uploaded."""

from pydantic import TypeAdapter

from functions.storage import access, described
from functions.storage.object_urls import ObjectRef, bucket_name
from shared.auth.authenticators import Anon, User
from shared.contracts.storage import MAX_LISTED, FileEntries, FileEntry, ListRequest, Order
from shared.db.queries import storage_access
from shared.http import HttpRequest, read_json
from shared.services import Services
from shared.storage import user_uploads
from shared.storage.types import ObjectMetadata

_LISTED = TypeAdapter(ListRequest)


async def list_folder(
    call: HttpRequest, place: ObjectRef, caller: User | Anon, services: Services
) -> FileEntries:
    """The entries of a folder; of everybody else's, none."""
    request = await read_json(call, _LISTED)
    access.require_token(caller)
    if isinstance(caller, Anon):
        return FileEntries([])
    folder = request.prefix.rstrip("/")
    if not folder:
        found = await _entries(place, f"{caller.id}/", caller, services)
        found = [FileEntry(name=str(caller.id))] if found else []
    elif user_uploads.is_valid_key(folder) and user_uploads.is_owned(f"{folder}/", caller.id):
        found = await _entries(place, f"{folder}/", caller, services)
    else:
        found = []
    begins = request.search.lower()
    named = [entry for entry in found if entry.name.lower().startswith(begins)]
    return FileEntries(
        _sorted(named, request.sort_by)[request.offset : request.offset + request.limit]
    )


async def _entries(
    place: ObjectRef, folder: str, user: User, services: Services
) -> list[FileEntry]:
    """What lies there and is the user's to see: previews and manifests of jobs are not."""
    bucket = bucket_name(place.bucket, services)
    lies = await services.storage.list_folder(bucket, folder, limit=MAX_LISTED)
    async with services.database.transaction(user.role, user.claims) as connection:
        recorded = await storage_access.names_in(connection, place.bucket, folder, user_id=user.id)

    def is_shown(path: str, name: str) -> bool:
        is_upload = place.bucket == user_uploads.BUCKET and user_uploads.is_upload_path(
            path, user.id
        )
        return is_upload or name in recorded

    def told(metadata: ObjectMetadata) -> FileEntry:
        name = metadata.path.removeprefix(folder)
        return described.entry(ObjectRef(place.bucket, metadata.path), metadata, name)

    inner = [path.removeprefix(folder).rstrip("/") for path in lies.folders]
    folders = [FileEntry(name=name) for name in inner if is_shown(f"{folder}{name}", name)]
    files = [told(metadata) for metadata in lies.objects]
    return folders + [file for file in files if is_shown(folder + file.name, file.name)]


def _sorted(entries: list[FileEntry], by: Order) -> list[FileEntry]:
    """Folders first, by their names in any case: they have nothing else."""
    is_down = by.order == "desc"
    named = sorted(entries, key=lambda one: one.name, reverse=is_down and by.column == "name")
    folders = [entry for entry in named if entry.id is None]
    files = [entry for entry in named if entry.id is not None]
    if by.column != "name":
        files.sort(key=lambda one: getattr(one, by.column), reverse=is_down)
    return folders + files
