"""What has had its time."""

from shared.errors import UnavailableError
from shared.log import logger
from shared.queries import jobs, ledger, sweep
from shared.services import Services

_EXPIRED = "It was not begun within a day, and was given up."


async def end_overdue_jobs(services: Services, *, most: int) -> int:
    """Fail, with a refund, what should long have ended; how many."""
    async with services.database.transaction() as connection:
        overdue = await sweep.overdue(connection, most=most)
    ended = 0
    for job_id in overdue:
        async with services.database.transaction() as connection:
            job = await jobs.fail(connection, job_id, claim_id=None, reason=_EXPIRED)
            if job:
                await ledger.refund(connection, user_id=job.user_id, job_id=job.id)
                ended += 1
    return ended


async def delete_assets(services: Services, *, most: int) -> int:
    """Delete expired assets: the rows first, then the files; how many."""
    async with services.database.transaction() as connection:
        expired = await sweep.delete_expired_assets(connection, most=most)
    bucket = services.settings.workspace_bucket
    try:
        for path in (path for paths in expired for path in paths):
            await services.storage.delete(bucket, path)
    except UnavailableError:
        logger.warning("an expired asset's file stays until its bucket's lifecycle ends it")
    return len(expired)
