"""POST /update-worker-url: a worker tells where it can be reached, and proves that it is there."""

from functions.update_worker_url import addresses, challenge
from shared import dispatch
from shared.auth import Worker, worker_seal
from shared.contracts.catalogue import QUEUES
from shared.contracts.workers import UpdateWorkerUrlRequest, UpdateWorkerUrlResponse
from shared.errors import ForbiddenError
from shared.http import endpoint
from shared.queries import workers
from shared.services import Services


async def update_worker_url(
    request: UpdateWorkerUrlRequest, worker: Worker, services: Services
) -> UpdateWorkerUrlResponse:
    """Record the address once it has answered; jobs sent to the old one follow the worker."""
    if request.worker_id not in {worker.key_id, f"{worker.key_id}-{request.worker_type}"}:
        raise ForbiddenError("This key is not that worker's.")
    url = await addresses.check(request.worker_url, services.settings)
    response_ms = await challenge.answer_time(url, worker.key_id, services)
    async with services.database.transaction() as connection:
        await workers.release_unclaimed(connection, request.worker_id, other_than_url=url)
        if not await workers.register(
            connection,
            worker_id=request.worker_id,
            worker_type=request.worker_type,
            worker_url=url,
            key_id=worker.key_id,
            models=request.models,
            slots=request.slots,
            response_ms=response_ms,
        ):
            raise ForbiddenError("That worker id belongs to another key or type.")
    if queue := QUEUES.get(request.worker_type):
        await dispatch.fill(services, queue)
    return UpdateWorkerUrlResponse(message=f"{request.worker_id} is registered at {url}.")


main = endpoint(update_worker_url, caller=worker_seal)
