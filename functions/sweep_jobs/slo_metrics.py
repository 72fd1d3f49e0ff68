"""Emits the metrics of the service level objectives to the log."""

from collections.abc import Awaitable

from functions.sweep_jobs.report import SweepJobsResponse
from functions.sweep_jobs.storage_cleanup import orphaned_paths
from shared.db.queries import dispatch, storage_cleanup
from shared.db.queries.storage_cleanup import DeletedAsset, FinishedJob, UnfinishedCopy
from shared.errors import ServiceUnavailableError
from shared.services import Services
from shared.storage import paths
from shared.telemetry import logs

_MAX_ROWS = 200
"""Per kind of row. With more rows the count is too low, but already above any objective."""


async def measure_waiting(services: Services, _: SweepJobsResponse) -> None:
    """Emit how many seconds the oldest job has waited for a slot, measured after dispatch."""
    async with services.database.transaction() as connection:
        seconds = await dispatch.oldest_undispatched_seconds(connection)
    logs.emit_metrics(oldest_undispatched_seconds=seconds)


async def measure_orphans(services: Services, _: SweepJobsResponse) -> None:
    """Emit how many stored objects have been orphaned for more than a day, before deletion."""
    async with services.database.transaction() as connection:
        ended = await storage_cleanup.long_ended(connection, limit=_MAX_ROWS)
        unfinished = await storage_cleanup.long_unfinished(connection, limit=_MAX_ROWS)
        deleted = await storage_cleanup.long_deleted(connection, limit=_MAX_ROWS)
    objects = 0
    for job in ended:
        objects += await _count(_objects_of(services, job))
    for bucket, path in [*_of_copies(services, unfinished), *_of_deleted(services, deleted)]:
        objects += await _count(_objects_at(services, bucket, path))
    logs.emit_metrics(orphaned_objects=objects)


async def _count(objects: Awaitable[int]) -> int:
    """Return one row's number of objects; 0 if they cannot be counted."""
    try:
        return await objects
    except ServiceUnavailableError:
        raise
    except Exception:  # noqa: BLE001 - one row must not stop the count
        logs.logger.error("an object could not be counted", exc_info=True)
        return 0


async def _objects_of(services: Services, job: FinishedJob) -> int:
    return len(await orphaned_paths(services, job))


async def _objects_at(services: Services, bucket: str, path: str) -> int:
    return int(await services.storage.get_metadata(bucket, path) is not None)


def _of_copies(services: Services, copies: list[UnfinishedCopy]) -> list[tuple[str, str]]:
    found = []
    for copy in copies:
        in_workspace, in_library = paths.orphaned_copy_paths(copy.user_id, copy.target_id)
        found += [(services.settings.workspace_bucket, path) for path in in_workspace]
        found += [(services.settings.library_bucket, path) for path in in_library]
    return found


def _of_deleted(services: Services, deleted: list[DeletedAsset]) -> list[tuple[str, str]]:
    files = [
        path for asset in deleted for path in (asset.storage_path, asset.thumbnail_path) if path
    ]
    return [(services.settings.library_bucket, path) for path in files]
