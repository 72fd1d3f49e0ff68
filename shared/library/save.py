"""Keeping an asset in the library: hold it, copy its files, then record the copy.

Each step may be cut off and done again, and done by several at once. The copy's id, and with it
its paths, are chosen once and stand until one of them records it; an equal object that is there
already is success; whoever comes second is given what the first recorded.
"""

import asyncio
from typing import NamedTuple
from uuid import UUID

from shared.db.queries import asset_copies, collections, library, workspace_assets
from shared.errors import ConflictError, NotFoundError, ServiceUnavailableError
from shared.services import Services
from shared.storage import paths
from shared.storage.types import ObjectMetadata
from shared.telemetry.logs import logger

SAVE_LOCK_SECONDS = 300
"""How long expiry and discard leave an asset alone while it is copied: no function runs longer."""

_GONE = "The asset's file is gone."
_ELSE = "Something else lies where the copy belongs; nothing was changed."


class FileCopy(NamedTuple):
    """A file to copy: its source, that generation of it, its target, and what is left out."""

    source: str
    generation: int
    target: str
    without_settings: bool = False


class LockedAsset(NamedTuple):
    """An asset that is held, the id that its library asset will have, and what is left out."""

    asset: workspace_assets.Asset
    library_id: UUID
    without_settings: bool = False


class SaveResult(NamedTuple):
    """The library asset, and whether this very call made it."""

    library_asset: library.LibraryAsset
    is_new: bool


async def save_asset(
    services: Services,
    asset_id: UUID,
    *,
    user_id: UUID,
    labels: library.AssetMetadata | None = None,
    without_settings: bool = False,
) -> SaveResult:
    """Save a workspace asset; the same library asset however often, and at once, it is asked for.

    Raises:
        NotFoundError: where it is not the user's, or its file is gone.
        ConflictError: where something else lies at the copy's place, such as one with settings.
    """
    labels = labels or library.AssetMetadata()
    library_asset = await _lock_for_save(services, asset_id, user_id, labels)
    if isinstance(library_asset, library.LibraryAsset):
        return SaveResult(library_asset, is_new=False)
    copies = await _copy_held(services, library_asset._replace(without_settings=without_settings))
    return await _record(services, library_asset, labels, copies)


async def verify_library_file(services: Services, library_asset: library.LibraryAsset) -> None:
    """Raise ConflictError unless the library's file lies there as its row says."""
    stored = await services.storage.get_metadata(
        services.settings.library_bucket, library_asset.storage_path
    )
    if stored is None or (stored.size, stored.crc32c) != (
        library_asset.file_size_bytes,
        library_asset.crc32c,
    ):
        raise ConflictError("Its copy in the library is missing or differs.", code="copy_differs")


async def save_pending_assets(services: Services, *, job_id: UUID | None = None, limit: int) -> int:
    """Keep what is pending, of one job or of all; how many. What fails stays pending."""
    async with services.database.transaction() as connection:
        found = await asset_copies.pending(connection, job_id=job_id, limit=limit)
    promoted = 0
    for asset in found:
        try:
            await save_asset(services, asset.id, user_id=asset.user_id)
            promoted += 1
        except ServiceUnavailableError:
            if job_id is not None:
                break  # a callback waits no longer; the sweep tries the others
            logger.warning("an asset's files could not be copied")
        except Exception:  # noqa: BLE001 - whatever one asset has, the others go on
            logger.error("an asset was not promoted", exc_info=True)
    return promoted


async def copy_files(
    services: Services, buckets: tuple[str, str], files: list[FileCopy], *, ids: tuple[UUID, UUID]
) -> asset_copies.CopiedFiles:
    """Copy exactly those generations from one bucket, and asset, to the other.

    Raises:
        NotFoundError: where one is gone.
        ConflictError: ``copy_differs``, where something else lies at a target.
    """
    copying = (
        services.storage.copy(
            (buckets[0], file.source),
            (buckets[1], file.target),
            generation=file.generation,
            without_settings=file.without_settings,
        )
        for file in files
    )
    try:
        stored = await asyncio.gather(*copying)
    except ValueError:
        # The next try goes to a place of its own.
        async with services.database.transaction() as connection:
            await asset_copies.finish(connection, ids[0], target_id=ids[1])
        raise ConflictError(_ELSE, code="copy_differs") from None
    return _copied_files(files, stored)


async def _lock_for_save(
    services: Services, asset_id: UUID, user_id: UUID, labels: library.AssetMetadata
) -> LockedAsset | library.LibraryAsset:
    """Hold the asset against expiry and discard, unless it is in the library already."""
    async with services.database.transaction() as connection:
        asset = await asset_copies.lock_asset(connection, asset_id, user_id=user_id)
        # Asked under the lock: another save may have recorded it just now.
        if library_asset := await library.find_saved_copy(connection, asset_id, user_id=user_id):
            await asset_copies.release_asset(connection, asset_id)
            return library_asset
        if asset is None:
            raise NotFoundError
        collection = labels.collection_id
        if collection and not await collections.is_owned(connection, collection, user_id=user_id):
            raise NotFoundError("There is no collection of yours by that id.")
        await asset_copies.hold_asset(connection, asset_id, seconds=SAVE_LOCK_SECONDS)
        library_id = await asset_copies.begin(
            connection, asset_id, user_id=user_id, target_id=services.new_id()
        )
        return LockedAsset(asset, library_id)


async def _copy_held(services: Services, held: LockedAsset) -> asset_copies.CopiedFiles | None:
    """The copies; None where the source is gone, as it may be once another save recorded it."""
    buckets = (services.settings.workspace_bucket, services.settings.library_bucket)
    ids = (held.asset.id, held.library_id)
    try:
        copies = await copy_files(services, buckets, _files(held), ids=ids)
    except NotFoundError:
        return None
    same = copies.crc32c == held.asset.crc32c or held.without_settings
    if not same or copies.size != held.asset.file_size_bytes:
        raise ConflictError("The asset's file is not the one that was checked.")
    return copies


async def _record(
    services: Services,
    held: LockedAsset,
    labels: library.AssetMetadata,
    copies: asset_copies.CopiedFiles | None,
) -> SaveResult:
    asset, library_id, _ = held
    async with services.database.transaction() as connection:
        await asset_copies.lock_asset(connection, asset.id, user_id=asset.user_id)
        if copies and await asset_copies.finish(connection, asset.id, target_id=library_id):
            await asset_copies.release_asset(connection, asset.id)
            library_asset = await library.insert(
                connection, asset, labels, copies, library_id=library_id
            )
            return SaveResult(library_asset, is_new=True)
        saved = await library.find_saved_copy(connection, asset.id, user_id=asset.user_id)
    if saved is None and copies:
        raise ConflictError("It was saved and deleted again meanwhile; save it anew.")
    if saved is None:
        raise NotFoundError(_GONE)
    return SaveResult(saved, is_new=False)


def _copied_files(
    files: list[FileCopy], stored: list[ObjectMetadata | None]
) -> asset_copies.CopiedFiles:
    main, *thumbnails = stored
    if main is None or None in thumbnails:
        raise NotFoundError(_GONE)
    return asset_copies.CopiedFiles(
        path=files[0].target,
        size=main.size,
        crc32c=main.crc32c,
        generation=main.generation,
        thumbnail_path=files[1].target if thumbnails else None,
        thumbnail_generation=thumbnails[0].generation if thumbnails and thumbnails[0] else None,
    )


def _files(held: LockedAsset) -> list[FileCopy]:
    """The asset's own file first, then its thumbnail, where it has one."""
    asset, library_id, without_settings = held
    path = paths.library(asset.user_id, library_id, asset.mime_type)
    files = [FileCopy(asset.temp_storage_path, asset.generation, path, without_settings)]
    if asset.thumbnail_path and asset.thumbnail_generation:
        path = paths.library_thumbnail(asset.user_id, library_id)
        files.append(FileCopy(asset.thumbnail_path, asset.thumbnail_generation, path))
    return files
