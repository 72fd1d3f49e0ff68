"""Listing one's own folder: what one made, what one keeps, and what one uploaded."""

from pydantic import TypeAdapter

from functions.storage import access, described
from functions.storage.object_urls import Place, bucket_name
from shared.auth.authenticators import Anon, User
from shared.contracts.storage import MOST_LISTED, FileEntries, FileEntry, ListRequest, Order
from shared.db.queries import storage_access
from shared.http import Call, read_json
from shared.services import Services
from shared.storage import user_uploads
from shared.storage.types import StoredObject

_LISTED = TypeAdapter(ListRequest)


async def list_folder(
    call: Call, place: Place, caller: User | Anon, services: Services
) -> FileEntries:
    """The entries of a folder; of everybody else's, none."""
    asked = await read_json(call, _LISTED)
    access.known(caller)
    if isinstance(caller, Anon):
        return FileEntries([])
    folder = asked.prefix.rstrip("/")
    if not folder:
        found = await _entries(place, f"{caller.id}/", caller, services)
        found = [FileEntry(name=str(caller.id))] if found else []
    elif user_uploads.is_key(folder) and user_uploads.is_owned(f"{folder}/", caller.id):
        found = await _entries(place, f"{folder}/", caller, services)
    else:
        found = []
    begins = asked.search.lower()
    named = [one for one in found if one.name.lower().startswith(begins)]
    return FileEntries(_sorted(named, asked.sort_by)[asked.offset : asked.offset + asked.limit])


async def _entries(place: Place, folder: str, user: User, services: Services) -> list[FileEntry]:
    """What lies there and is the user's to see: previews and manifests of jobs are not."""
    bucket = bucket_name(place.bucket, services)
    lies = await services.storage.list_folder(bucket, folder, most=MOST_LISTED)
    async with services.database.transaction(user.role, user.claims) as connection:
        recorded = await storage_access.names_in(connection, place.bucket, folder, user_id=user.id)

    def is_shown(path: str, name: str) -> bool:
        is_upload = place.bucket == user_uploads.BUCKET and user_uploads.may_lie_at(path, user.id)
        return is_upload or name in recorded

    def told(found: StoredObject) -> FileEntry:
        name = found.path.removeprefix(folder)
        return described.entry(Place(place.bucket, found.path), found, name)

    inner = [path.removeprefix(folder).rstrip("/") for path in lies.folders]
    folders = [FileEntry(name=name) for name in inner if is_shown(f"{folder}{name}", name)]
    files = [told(found) for found in lies.objects]
    return folders + [one for one in files if is_shown(folder + one.name, one.name)]


def _sorted(entries: list[FileEntry], by: Order) -> list[FileEntry]:
    """Folders first, by their names in any case: they have nothing else."""
    is_down = by.order == "desc"
    named = sorted(entries, key=lambda one: one.name, reverse=is_down and by.column == "name")
    folders = [one for one in named if one.id is None]
    files = [one for one in named if one.id is not None]
    if by.column != "name":
        files.sort(key=lambda one: getattr(one, by.column), reverse=is_down)
    return folders + files
