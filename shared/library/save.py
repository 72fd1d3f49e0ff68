"""Save a workspace asset to the library: lock it, copy its files, record the copy.

Each step can be interrupted, repeated, and run by several callers at once. The id of the copy, and
so its paths, is chosen once and used until a caller records the copy. An equal object that exists
already counts as copied. A caller that comes second gets the library asset of the first.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from shared.db.queries import asset_copies, collections, library, workspace_assets
from shared.errors import ConflictError, NotFoundError, ServiceUnavailableError
from shared.services import Services
from shared.storage import paths
from shared.storage.types import ObjectMetadata
from shared.telemetry.logs import logger

SAVE_LOCK_SECONDS = 300
"""How long an asset that is being copied is safe from expiry and discard. No function runs
longer."""

_GONE = "The asset's file is gone."
_ELSE = "A different object exists at the copy's path; nothing was changed."


@dataclass(frozen=True, slots=True)
class FileCopy:
    """A file to copy: source path and generation, target path, and whether to strip metadata."""

    source: str
    generation: int
    target: str
    without_settings: bool = False


@dataclass(frozen=True, slots=True)
class LockedAsset:
    """A locked asset, the id of its future library asset, and whether to strip metadata."""

    asset: workspace_assets.Asset
    library_id: UUID
    without_settings: bool = False


class SaveResult(NamedTuple):
    """The library asset, and whether this call created it."""

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
    """Save a workspace asset to the library.

    Idempotent: repeated and concurrent calls return the same library asset.

    Args:
        services: Provides the database and the storage.
        asset_id: The workspace asset.
        user_id: Its owner.
        labels: Title, tags and collection of the library asset.
        without_settings: Whether to leave the generation settings out of the copied file.

    Raises:
        NotFoundError: The user has no such asset, or its file is gone.
        ConflictError: A different object exists at the target path, such as a copy with settings.
    """
    labels = labels or library.AssetMetadata()
    locked = await _lock_for_save(services, asset_id, user_id, labels)
    if isinstance(locked, library.LibraryAsset):
        return SaveResult(locked, is_new=False)
    copies = await _copy_locked(services, replace(locked, without_settings=without_settings))
    return await _record(services, locked, labels, copies)


async def verify_library_file(services: Services, library_asset: library.LibraryAsset) -> None:
    """Check that the library's file is stored as its row describes it.

    Raises:
        ConflictError: ``copy_differs``: the file is missing or differs.
    """
    stored = await services.storage.get_metadata(
        services.settings.library_bucket, library_asset.storage_path
    )
    if stored is None or (stored.size, stored.crc32c) != (
        library_asset.file_size_bytes,
        library_asset.crc32c,
    ):
        raise ConflictError("The asset's library file is missing or differs.", code="copy_differs")


async def save_pending_assets(services: Services, *, job_id: UUID | None = None, limit: int) -> int:
    """Save up to ``limit`` pending assets, of one job or of all; return how many were saved.

    Assets that cannot be saved stay pending.
    """
    async with services.database.transaction() as connection:
        pending = await asset_copies.pending(connection, job_id=job_id, limit=limit)
    promoted = 0
    for asset in pending:
        try:
            await save_asset(services, asset.id, user_id=asset.user_id)
            promoted += 1
        except ServiceUnavailableError:
            if job_id is not None:
                break  # do not delay the callback; the sweep saves the rest
            logger.warning("an asset's files could not be copied")
        except Exception:  # noqa: BLE001 - one asset must not block the rest
            logger.error("an asset could not be saved to the library", exc_info=True)
    return promoted


async def copy_files(
    services: Services, buckets: tuple[str, str], files: list[FileCopy], *, ids: tuple[UUID, UUID]
) -> asset_copies.CopiedFiles:
    """Copy files between buckets, exactly the given generations.

    Args:
        services: Provides the database and the storage.
        buckets: Source and target bucket.
        files: The asset's file first, then its thumbnail.
        ids: Source and target asset.

    Raises:
        NotFoundError: A source file is gone.
        ConflictError: ``copy_differs``: a different object exists at a target path.
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
        # Forget the copy's id, so that the next attempt uses new paths.
        async with services.database.transaction() as connection:
            await asset_copies.finish(connection, ids[0], target_id=ids[1])
        raise ConflictError(_ELSE, code="copy_differs") from None
    return _copied_files(files, stored)


async def _lock_for_save(
    services: Services, asset_id: UUID, user_id: UUID, labels: library.AssetMetadata
) -> LockedAsset | library.LibraryAsset:
    """Lock the asset against expiry and discard, or return its existing library asset."""
    async with services.database.transaction() as connection:
        asset = await asset_copies.lock_asset(connection, asset_id, user_id=user_id)
        # Checked under the lock: another call may have recorded the copy just now.
        if library_asset := await library.find_saved_copy(connection, asset_id, user_id=user_id):
            await asset_copies.release_asset(connection, asset_id)
            return library_asset
        if asset is None:
            raise NotFoundError
        collection = labels.collection_id
        if collection and not await collections.is_owned(connection, collection, user_id=user_id):
            raise NotFoundError("Collection not found.")
        await asset_copies.hold_asset(connection, asset_id, seconds=SAVE_LOCK_SECONDS)
        library_id = await asset_copies.begin(
            connection, asset_id, user_id=user_id, target_id=services.new_id()
        )
        return LockedAsset(asset, library_id)


async def _copy_locked(services: Services, locked: LockedAsset) -> asset_copies.CopiedFiles | None:
    """Copy the files of a locked asset.

    Returns None if the source is gone, which is possible after another call recorded the copy.
    """
    buckets = (services.settings.workspace_bucket, services.settings.library_bucket)
    ids = (locked.asset.id, locked.library_id)
    try:
        copies = await copy_files(services, buckets, _files(locked), ids=ids)
    except NotFoundError:
        return None
    same = copies.crc32c == locked.asset.crc32c or locked.without_settings
    if not same or copies.size != locked.asset.file_size_bytes:
        raise ConflictError("The asset's file has changed since it was checked.")
    return copies


async def _record(
    services: Services,
    locked: LockedAsset,
    labels: library.AssetMetadata,
    copies: asset_copies.CopiedFiles | None,
) -> SaveResult:
    asset, library_id = locked.asset, locked.library_id
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
        raise ConflictError("The asset was saved and deleted in the meantime; save it again.")
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


def _files(locked: LockedAsset) -> list[FileCopy]:
    """List the asset's file, then its thumbnail, if it has one."""
    asset, library_id = locked.asset, locked.library_id
    path = paths.library(asset.user_id, library_id, asset.mime_type)
    files = [FileCopy(asset.temp_storage_path, asset.generation, path, locked.without_settings)]
    if asset.thumbnail_path and asset.thumbnail_generation:
        path = paths.library_thumbnail(asset.user_id, library_id)
        files.append(FileCopy(asset.thumbnail_path, asset.thumbnail_generation, path))
    return files
