"""POST /sweep-jobs: put right what a crash left behind. Called each minute, or oftener."""

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

PARTS: dict[str, runner.Step] = {
    "unclaimed jobs": dispatch.clear_unclaimed,
    "lapsed claims": expired_leases.recover_expired_leases,
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
    **retention.PARTS,
}
"""In this order: what frees a slot or a worker comes before the slots are filled, and all that
before anything that can wait. Each is bounded in rows, and safe to run twice at once."""


async def sweep_jobs(_: HttpRequest, __: Scheduler, services: Services) -> SweepJobsResponse:
    """Run every part; what fails keeps nothing else from being done."""
    return await runner.run(PARTS, services)


main = endpoint(sweep_jobs, authenticate=require_scheduler)
