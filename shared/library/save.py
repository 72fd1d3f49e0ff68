"""Keeping an asset in the library: hold it, copy its files, then record the copy.

Each step may be cut off and done again, and done by several at once. The copy's id, and with it
its paths, are chosen once and stand until one of them records it; an equal object that is there
already is success; whoever comes second is given what the first recorded.
"""

import asyncio
from typing import NamedTuple
from uuid import UUID

from shared.db.queries import asset_copies, collections, library, workspace_assets
from shared.errors import ConflictError, NotFoundError, UnavailableError
from shared.services import Services
from shared.storage import paths
from shared.storage.types import StoredObject
from shared.telemetry.logs import logger

SAVING_SECONDS = 300
"""How long expiry and discard leave an asset alone while it is copied: no function runs longer."""

_GONE = "The asset's file is gone."
_ELSE = "Something else lies where the copy belongs; nothing was changed."


class Copy(NamedTuple):
    """A file to copy: its source, that generation of it, its target, and what is left out."""

    source: str
    generation: int
    target: str
    without_settings: bool = False


class Held(NamedTuple):
    """An asset that is held, the id that its library asset will have, and what is left out."""

    asset: workspace_assets.Asset
    library_id: UUID
    without_settings: bool = False


class Outcome(NamedTuple):
    """The library asset, and whether this very call made it."""

    kept: library.Kept
    is_new: bool


async def keep(
    services: Services,
    asset_id: UUID,
    *,
    user_id: UUID,
    labels: library.Labels | None = None,
    without_settings: bool = False,
) -> Outcome:
    """Save a workspace asset; the same library asset however often, and at once, it is asked for.

    Raises:
        NotFoundError: where it is not the user's, or its file is gone.
        ConflictError: where something else lies at the copy's place, such as one with settings.
    """
    labels = labels or library.Labels()
    held = await _hold(services, asset_id, user_id, labels)
    if isinstance(held, library.Kept):
        return Outcome(held, is_new=False)
    made = await _copy_held(services, held._replace(without_settings=without_settings))
    return await _record(services, held, labels, made)


async def check(services: Services, kept: library.Kept) -> None:
    """Raise ConflictError unless the library's file lies there as its row says."""
    stored = await services.storage.stat(services.settings.library_bucket, kept.storage_path)
    if stored is None or (stored.size, stored.crc32c) != (kept.file_size_bytes, kept.crc32c):
        raise ConflictError("Its copy in the library is missing or differs.", code="copy_differs")


async def promote(services: Services, *, job_id: UUID | None = None, most: int) -> int:
    """Keep what is pending, of one job or of all; how many. What fails stays pending."""
    async with services.database.transaction() as connection:
        found = await asset_copies.pending(connection, job_id=job_id, most=most)
    promoted = 0
    for asset in found:
        try:
            await keep(services, asset.id, user_id=asset.user_id)
            promoted += 1
        except UnavailableError:
            if job_id is not None:
                break  # a callback waits no longer; the sweep tries the others
            logger.warning("an asset's files could not be copied")
        except Exception:  # noqa: BLE001 - whatever one asset has, the others go on
            logger.error("an asset was not promoted", exc_info=True)
    return promoted


async def copy_files(
    services: Services, buckets: tuple[str, str], files: list[Copy], *, ids: tuple[UUID, UUID]
) -> asset_copies.Files:
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
    return _made(files, stored)


async def _hold(
    services: Services, asset_id: UUID, user_id: UUID, labels: library.Labels
) -> Held | library.Kept:
    """Hold the asset against expiry and discard, unless it is in the library already."""
    async with services.database.transaction() as connection:
        asset = await asset_copies.lock_asset(connection, asset_id, user_id=user_id)
        # Asked under the lock: another save may have recorded it just now.
        if kept := await library.saved_from(connection, asset_id, user_id=user_id):
            await asset_copies.release_asset(connection, asset_id)
            return kept
        if asset is None:
            raise NotFoundError
        collection = labels.collection_id
        if collection and not await collections.is_owned(connection, collection, user_id=user_id):
            raise NotFoundError("There is no collection of yours by that id.")
        await asset_copies.hold_asset(connection, asset_id, seconds=SAVING_SECONDS)
        library_id = await asset_copies.begin(
            connection, asset_id, user_id=user_id, target_id=services.new_id()
        )
        return Held(asset, library_id)


async def _copy_held(services: Services, held: Held) -> asset_copies.Files | None:
    """The copies; None where the source is gone, as it may be once another save recorded it."""
    buckets = (services.settings.workspace_bucket, services.settings.library_bucket)
    ids = (held.asset.id, held.library_id)
    try:
        made = await copy_files(services, buckets, _files(held), ids=ids)
    except NotFoundError:
        return None
    same = made.crc32c == held.asset.crc32c or held.without_settings
    if not same or made.size != held.asset.file_size_bytes:
        raise ConflictError("The asset's file is not the one that was checked.")
    return made


async def _record(
    services: Services, held: Held, labels: library.Labels, made: asset_copies.Files | None
) -> Outcome:
    asset, library_id, _ = held
    async with services.database.transaction() as connection:
        await asset_copies.lock_asset(connection, asset.id, user_id=asset.user_id)
        if made and await asset_copies.finish(connection, asset.id, target_id=library_id):
            await asset_copies.release_asset(connection, asset.id)
            kept = await library.insert(connection, asset, labels, made, library_id=library_id)
            return Outcome(kept, is_new=True)
        saved = await library.saved_from(connection, asset.id, user_id=asset.user_id)
    if saved is None and made:
        raise ConflictError("It was saved and deleted again meanwhile; save it anew.")
    if saved is None:
        raise NotFoundError(_GONE)
    return Outcome(saved, is_new=False)


def _made(files: list[Copy], stored: list[StoredObject | None]) -> asset_copies.Files:
    main, *thumbnails = stored
    if main is None or None in thumbnails:
        raise NotFoundError(_GONE)
    return asset_copies.Files(
        path=files[0].target,
        size=main.size,
        crc32c=main.crc32c,
        generation=main.generation,
        thumbnail_path=files[1].target if thumbnails else None,
        thumbnail_generation=thumbnails[0].generation if thumbnails and thumbnails[0] else None,
    )


def _files(held: Held) -> list[Copy]:
    """The asset's own file first, then its thumbnail, where it has one."""
    asset, library_id, without_settings = held
    path = paths.library(asset.user_id, library_id, asset.mime_type)
    files = [Copy(asset.temp_storage_path, asset.generation, path, without_settings)]
    if asset.thumbnail_path and asset.thumbnail_generation:
        path = paths.library_thumbnail(asset.user_id, library_id)
        files.append(Copy(asset.thumbnail_path, asset.thumbnail_generation, path))
    return files
