"""POST /sweep-jobs: run the periodic maintenance, called at least every minute."""

from functions.sweep_jobs import (
    dispatch,
    expired_leases,
    expiry,
    retention,
    runner,
    slo_metrics,
    storage_cleanup,
    worker_probes,
)
from functions.sweep_jobs.report import SweepJobsResponse
from shared.auth.authenticators import Scheduler, require_scheduler
from shared.http import HttpRequest, endpoint
from shared.services import Services

STEPS: dict[str, runner.Step] = {
    "unclaimed jobs": dispatch.clear_unclaimed,
    "expired leases": expired_leases.recover_expired_leases,
    "overdue jobs": expiry.end_overdue_jobs,
    "workers": worker_probes.probe_workers,
    "lost tasks": dispatch.send_again,
    "free slots": dispatch.fill,
    "waiting jobs": slo_metrics.measure_waiting,
    "promotions": expiry.promote,
    "expired assets": expiry.delete_assets,
    "orphaned objects": slo_metrics.measure_orphans,
    "ended jobs": storage_cleanup.clean_jobs,
    "unfinished copies": storage_cleanup.end_copies,
    "deleted library assets": storage_cleanup.finish_deletions,
    **retention.STEPS,
}
"""The steps in order: those that free a slot or a worker run before jobs are dispatched, and
cleanup runs last. Each step handles a limited number of rows, and may run twice at once."""


async def sweep_jobs(_: HttpRequest, __: Scheduler, services: Services) -> SweepJobsResponse:
    """Run every maintenance step and return its counters.

    A step that fails or takes too long is listed in ``not_done``; the later steps still run, and
    the next sweep runs it again.
    """
    return await runner.run(STEPS, services)


main = endpoint(sweep_jobs, authenticate=require_scheduler)
