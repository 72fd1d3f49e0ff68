"""POST /sweep-jobs: put right what a crash left behind. Called each minute, or oftener."""

from functions.sweep_jobs import (
    cleaning,
    expiry,
    forgetting,
    measuring,
    parts,
    probes,
    rescue,
    slots,
)
from functions.sweep_jobs.counts import SweepJobsResponse
from shared.auth.authenticators import Scheduler, scheduler_token
from shared.http import Call, endpoint
from shared.services import Services

PARTS: dict[str, parts.Part] = {
    "unclaimed jobs": slots.clear_unclaimed,
    "lapsed claims": rescue.put_lapsed_right,
    "overdue jobs": expiry.end_overdue_jobs,
    "workers": probes.ask_workers,
    "lost tasks": slots.send_again,
    "free slots": slots.fill,
    "waiting jobs": measuring.measure_waiting,
    "promotions": expiry.promote,
    "expired assets": expiry.delete_assets,
    "orphaned objects": measuring.measure_orphans,
    "ended jobs": cleaning.clean_jobs,
    "unfinished copies": cleaning.end_copies,
    "deleted library assets": cleaning.finish_deletions,
    **forgetting.PARTS,
}
"""In this order: what frees a slot or a worker comes before the slots are filled, and all that
before anything that can wait. Each is bounded in rows, and safe to run twice at once."""


async def sweep_jobs(_: Call, __: Scheduler, services: Services) -> SweepJobsResponse:
    """Run every part; what fails keeps nothing else from being done."""
    return await parts.run(PARTS, services)


main = endpoint(sweep_jobs, caller=scheduler_token)
