"""POST /get-active-worker-url: URL of the latest healthy worker of a type."""

from shared.auth.authenticators import User, Worker, require_user_or_worker
from shared.contracts.worker_registration import GetWorkerUrlRequest, GetWorkerUrlResponse
from shared.db.queries import workers
from shared.errors import NotFoundError
from shared.http import endpoint
from shared.services import Services


async def get_active_worker_url(
    request: GetWorkerUrlRequest, _: User | Worker, services: Services
) -> GetWorkerUrlResponse:
    """Return the URL of the healthy worker of a type that was seen last.

    It only reads: a worker changes its URL with ``update-worker-url``.
    """
    async with services.database.transaction() as connection:
        found = await workers.seen_last(
            connection, request.worker_type, key_ids=list(services.settings.worker_keys)
        )
    if found is None:
        raise NotFoundError(f"No {request.worker_type} worker is active; try again later.")
    return GetWorkerUrlResponse(
        worker_url=found.worker_url,
        worker_type=request.worker_type,
        last_updated=found.last_seen,
    )


main = endpoint(get_active_worker_url, authenticate=require_user_or_worker)
