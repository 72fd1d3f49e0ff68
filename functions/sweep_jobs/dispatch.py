"""Slots: given back where nobody claimed, and given anew."""

from functions.sweep_jobs.report import SweepJobsResponse
from shared.contracts.job_catalog import WORKER_TYPES
from shared.db.queries import slots
from shared.jobs import dispatch
from shared.services import Services

_MAX_JOBS = 500


async def clear_unclaimed(services: Services, done: SweepJobsResponse) -> None:
    """What nobody claimed in time waits for another turn."""
    async with services.database.transaction() as connection:
        cleared = await slots.release_unclaimed(connection, limit=_MAX_JOBS)
    done.unclaimed += cleared


async def send_again(services: Services, done: SweepJobsResponse) -> None:
    """What nobody claims may have lost its task before it was made."""
    done.sent_again += await dispatch.re_enqueue_lost_tasks(services, limit=_MAX_JOBS)


async def fill(services: Services, done: SweepJobsResponse) -> None:
    """Make up for a fill that was lost."""
    for queue in WORKER_TYPES:
        done.dispatched += await dispatch.dispatch_jobs(services, queue)
