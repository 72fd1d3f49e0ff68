"""Slots: given back where nobody claimed, and given anew."""

from functions.sweep_jobs.report import SweepJobsResponse
from shared.contracts.job_catalog import WORKER_TYPES
from shared.db.queries import slots
from shared.jobs import dispatch
from shared.services import Services

_MOST_JOBS = 500


async def clear_unclaimed(services: Services, done: SweepJobsResponse) -> None:
    """What nobody claimed in time waits for another turn."""
    async with services.database.transaction() as connection:
        cleared = await slots.clear_unclaimed(connection, most=_MOST_JOBS)
    done.unclaimed += cleared


async def send_again(services: Services, done: SweepJobsResponse) -> None:
    """What nobody claims may have lost its task before it was made."""
    done.sent_again += await dispatch.send_again(services, most=_MOST_JOBS)


async def fill(services: Services, done: SweepJobsResponse) -> None:
    """Make up for a fill that was lost."""
    for queue in WORKER_TYPES:
        done.dispatched += await dispatch.fill(services, queue)
