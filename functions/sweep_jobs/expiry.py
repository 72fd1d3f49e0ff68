"""Expires jobs and assets, and retries pending library saves."""

from functools import partial
from uuid import UUID

from functions.sweep_jobs.report import SweepJobsResponse
from functions.sweep_jobs.runner import for_each
from shared.db.queries import expiry, job_transitions
from shared.jobs import completion
from shared.library import save
from shared.services import Services
from shared.telemetry.logs import bind, logger

_MAX_JOBS = 500
_MAX_ASSETS = 500
_ASSETS_AT_A_TIME = 25
"""If the sweep crashes, the files of at most so many are left to the bucket's lifecycle rule."""

_MAX_PROMOTIONS = 100
"""Library saves per sweep; each copies two files."""

_EXPIRED = "The job did not finish within a day; its credits were refunded."


async def end_overdue_jobs(
    services: Services, done: SweepJobsResponse, *, max_jobs: int = _MAX_JOBS
) -> None:
    """Fail jobs that are past their expiry time, and refund their credits."""
    async with services.database.transaction() as connection:
        overdue = await expiry.overdue(connection, limit=max_jobs)
    await for_each(partial(_end, services, done), overdue)


async def promote(services: Services, done: SweepJobsResponse) -> None:
    """Save assets whose job has the destination ``library``."""
    done.promoted += await save.save_pending_assets(services, limit=_MAX_PROMOTIONS)


async def delete_assets(services: Services, done: SweepJobsResponse) -> None:
    """Delete expired assets: the rows first, then the files."""
    for _ in range(0, _MAX_ASSETS, _ASSETS_AT_A_TIME):
        async with services.database.transaction() as connection:
            expired = await expiry.delete_expired_assets(connection, limit=_ASSETS_AT_A_TIME)
        done.assets_expired += len(expired)
        await for_each(partial(_delete_files, services), expired)
        if len(expired) < _ASSETS_AT_A_TIME:
            break


async def _end(services: Services, done: SweepJobsResponse, job_id: UUID) -> None:
    bind(job_id=str(job_id))
    try:
        async with services.database.transaction() as connection:
            job = await job_transitions.expire(connection, job_id, reason=_EXPIRED)
    except Exception:
        async with services.database.transaction() as connection:
            await expiry.postpone(connection, job_id)
        raise
    if job:
        completion.record_job_ended(job)
        done.failed += 1


async def _delete_files(services: Services, paths: tuple[str, ...]) -> None:
    try:
        for path in paths:
            await services.storage.delete(services.settings.workspace_bucket, path)
    except Exception:  # noqa: BLE001 - the rows are deleted, and other assets' files are next
        logger.warning(
            "an expired asset's file was not deleted; the bucket's lifecycle rule will",
            exc_info=True,
        )
