"""Deletes orphaned storage objects: of ended claims, unfinished copies and deleted assets."""

from functools import partial

from functions.sweep_jobs.report import SweepJobsResponse
from functions.sweep_jobs.runner import for_each
from shared.db.queries import asset_copies, library, storage_cleanup
from shared.db.queries.storage_cleanup import DeletedAsset, FinishedJob, UnfinishedCopy
from shared.services import Services
from shared.storage import paths
from shared.telemetry.logs import bind

_MAX_JOBS = 500
_MAX_COPIES = 100
_MAX_DELETED = 200


async def clean_jobs(services: Services, done: SweepJobsResponse) -> None:
    """Delete objects in the folders of ended jobs that no asset references."""
    async with services.database.transaction() as connection:
        ended = await storage_cleanup.take_jobs(connection, limit=_MAX_JOBS)
    await for_each(partial(_clean_job, services, done), ended)


async def end_copies(services: Services, done: SweepJobsResponse) -> None:
    """Give up copies that were abandoned, and delete their files."""
    async with services.database.transaction() as connection:
        unfinished = await storage_cleanup.take_unfinished(connection, limit=_MAX_COPIES)
    await for_each(partial(_end_copy, services, done), unfinished)


async def finish_deletions(services: Services, done: SweepJobsResponse) -> None:
    """Delete the files of deleted library assets, in case the deleting request crashed."""
    async with services.database.transaction() as connection:
        deleted = await storage_cleanup.take_deleted(connection, limit=_MAX_DELETED)
    await for_each(partial(_finish_deletion, services, done), deleted)


async def orphaned_paths(services: Services, job: FinishedJob) -> list[str]:
    """Return the paths in an ended job's folder that no asset or kept reference names."""
    folder = paths.job_prefix(job.user_id, job.id)
    # Listed before the assets are read: no asset is added once its job has ended.
    found = await services.storage.list_paths(services.settings.workspace_bucket, folder)
    async with services.database.transaction() as connection:
        kept = await storage_cleanup.files_of_assets(connection, job.id)
    kept |= {paths.reference(job.user_id, job.id, role) for role in job.kept_references}
    return [path for path in found if path not in kept]


async def _clean_job(services: Services, done: SweepJobsResponse, job: FinishedJob) -> None:
    bind(job_id=str(job.id))
    for path in await orphaned_paths(services, job):
        await services.storage.delete(services.settings.workspace_bucket, path)
        done.objects_deleted += 1
    async with services.database.transaction() as connection:
        await storage_cleanup.finish_job(connection, job.id)
    done.jobs_cleaned += 1


async def _end_copy(services: Services, done: SweepJobsResponse, copy: UnfinishedCopy) -> None:
    if not await _given_up(services, copy):
        return
    in_workspace, in_library = paths.orphaned_copy_paths(copy.user_id, copy.target_id)
    for path in in_workspace:
        await services.storage.delete(services.settings.workspace_bucket, path)
    for path in in_library:
        await services.storage.delete(services.settings.library_bucket, path)
    async with services.database.transaction() as connection:
        await storage_cleanup.finish_unfinished(connection, copy.target_id)
    done.copies_given_up += 1


async def _given_up(services: Services, copy: UnfinishedCopy) -> bool:
    if copy.source_id is None:
        return True
    async with services.database.transaction() as connection:
        await asset_copies.lock_asset(connection, copy.source_id, user_id=copy.user_id)
        await library.lock(connection, copy.source_id, user_id=copy.user_id)
        return await storage_cleanup.give_up(connection, copy.target_id)


async def _finish_deletion(
    services: Services, done: SweepJobsResponse, deleted: DeletedAsset
) -> None:
    for path in filter(None, (deleted.storage_path, deleted.thumbnail_path)):
        await services.storage.delete(services.settings.library_bucket, path)
    async with services.database.transaction() as connection:
        await storage_cleanup.finish_deleted(connection, deleted.library_asset_id)
    done.deletions_finished += 1
