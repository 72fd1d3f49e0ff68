"""POST /update-worker-url: register a worker or its new URL."""

from shared.auth.authenticators import Worker, require_worker
from shared.contracts.worker_registration import UpdateWorkerUrlRequest, UpdateWorkerUrlResponse
from shared.http import endpoint
from shared.services import Services
from shared.workers import registration


async def update_worker_url(
    request: UpdateWorkerUrlRequest, worker: Worker, services: Services
) -> UpdateWorkerUrlResponse:
    """Store the worker's URL once a challenge was answered there.

    The answer proves that the server at the URL has the worker's key. Jobs that were sent to the
    old URL are sent to the new one.
    """
    message = await registration.register_worker(request, request.worker_type, worker, services)
    return UpdateWorkerUrlResponse(message=message)


main = endpoint(update_worker_url, authenticate=require_worker)
