"""Registering a worker: where it can be reached, once it has proved that it is there."""

from shared import challenge, dispatch, worker_addresses
from shared.auth import Worker
from shared.contracts.catalogue import QUEUES, WorkerType
from shared.contracts.workers import RegisterChatWorkerRequest
from shared.errors import ForbiddenError
from shared.queries import slots, workers
from shared.services import Services


async def register(
    asked: RegisterChatWorkerRequest, worker_type: WorkerType, worker: Worker, services: Services
) -> str:
    """Record the address once it has answered; jobs sent to the old one follow the worker.

    Returns:
        What has come of it, for a person.

    Raises:
        ForbiddenError: where the name is not that key's.
        InvalidError: where the address is refused, or does not prove that it holds the key.
    """
    if asked.worker_id not in {worker.key_id, f"{worker.key_id}-{worker_type}"}:
        raise ForbiddenError("This key is not that worker's.")
    url = await worker_addresses.check(asked.worker_url, services.settings)
    response_ms = await challenge.answer_time(url, worker.key_id, services)
    await _record(asked, worker_type, worker, services, url=url, response_ms=response_ms)
    if queue := QUEUES.get(worker_type):
        await dispatch.fill(services, queue)
    return f"{asked.worker_id} is registered at {url}."


async def _record(
    asked: RegisterChatWorkerRequest,
    worker_type: WorkerType,
    worker: Worker,
    services: Services,
    *,
    url: str,
    response_ms: int,
) -> None:
    async with services.database.transaction() as connection:
        await slots.leave(connection, asked.worker_id, other_than_url=url)
        if not await workers.register(
            connection,
            worker_id=asked.worker_id,
            worker_type=worker_type,
            worker_url=url,
            key_id=worker.key_id,
            models=asked.models,
            slots=asked.slots,
            response_ms=response_ms,
        ):
            raise ForbiddenError("That worker id belongs to another key or type.")
