"""POST /sweep-jobs: put right what a crash left behind. Called each minute, or oftener."""

from functions.sweep_jobs import expiry, rescue
from shared import dispatch, keeping
from shared.auth import Scheduler, scheduler_token
from shared.contracts.base import Contract
from shared.contracts.catalogue import WORKER_TYPES
from shared.http import Call, endpoint
from shared.queries import idempotency, sweep
from shared.services import Services

_MOST_ROWS = 500
_MOST_PROMOTIONS = 100
"""Each copies two files."""


class SweepJobsResponse(Contract):
    """What was done, counted."""

    success: bool = True
    unclaimed: int
    completed_from_manifest: int
    sent_back: int
    failed: int
    promoted: int
    assets_expired: int
    receipts_deleted: int
    keys_deleted: int
    dispatched: int


async def sweep_jobs(_: Call, __: Scheduler, services: Services) -> SweepJobsResponse:
    """Each part is bounded in rows, and safe to run twice at once."""
    async with services.database.transaction() as connection:
        unclaimed = await sweep.clear_unclaimed(connection, most=_MOST_ROWS)
        receipts = await sweep.delete_old_receipts(connection, most=_MOST_ROWS)
        keys = await idempotency.delete_old(connection, most=_MOST_ROWS)
    rescued = await rescue.lapsed_claims(services, most=_MOST_ROWS)
    ended = await expiry.end_overdue_jobs(services, most=_MOST_ROWS)
    promoted = await keeping.promote(services, most=_MOST_PROMOTIONS)
    assets = await expiry.delete_assets(services, most=_MOST_ROWS)
    dispatched = [await dispatch.fill(services, queue) for queue in WORKER_TYPES]
    return SweepJobsResponse(
        unclaimed=unclaimed,
        completed_from_manifest=rescued["completed"],
        sent_back=rescued["sent_back"],
        failed=rescued["failed"] + ended,
        promoted=promoted,
        assets_expired=assets,
        receipts_deleted=receipts,
        keys_deleted=keys,
        dispatched=sum(dispatched),
    )


main = endpoint(sweep_jobs, caller=scheduler_token)
