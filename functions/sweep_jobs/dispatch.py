"""Releases unclaimed slots, re-enqueues lost tasks and dispatches waiting jobs."""

from functions.sweep_jobs.report import SweepJobsResponse
from shared.contracts.job_catalog import WORKER_TYPES
from shared.db.queries import dispatch as queries
from shared.jobs import dispatch
from shared.services import Services

_MAX_JOBS = 500


async def clear_unclaimed(services: Services, done: SweepJobsResponse) -> None:
    """Return dispatched jobs that were not claimed in time to their queue."""
    async with services.database.transaction() as connection:
        cleared = await queries.release_unclaimed(connection, limit=_MAX_JOBS)
    done.unclaimed += cleared


async def send_again(services: Services, done: SweepJobsResponse) -> None:
    """Enqueue the tasks of unclaimed jobs again: a crash may have prevented their creation."""
    done.sent_again += await dispatch.re_enqueue_lost_tasks(services, limit=_MAX_JOBS)


async def fill(services: Services, done: SweepJobsResponse) -> None:
    """Dispatch waiting jobs to free slots, in case an earlier dispatch was lost in a crash."""
    for queue in WORKER_TYPES:
        done.dispatched += await dispatch.dispatch_jobs(services, queue)
