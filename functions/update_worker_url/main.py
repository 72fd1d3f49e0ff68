"""POST /update-worker-url: a worker tells where it can be reached, and proves that it is there."""

from shared.auth.authenticators import Worker, require_worker
from shared.contracts.worker_registration import UpdateWorkerUrlRequest, UpdateWorkerUrlResponse
from shared.http import endpoint
from shared.services import Services
from shared.workers import registration


async def update_worker_url(
    request: UpdateWorkerUrlRequest, worker: Worker, services: Services
) -> UpdateWorkerUrlResponse:
    """Record the address once it has answered; jobs sent to the old one follow the worker."""
    message = await registration.register_worker(request, request.worker_type, worker, services)
    return UpdateWorkerUrlResponse(message=message)


main = endpoint(update_worker_url, authenticate=require_worker)
