"""Register a worker URL after a proof-of-key challenge."""

import hashlib
import math
from uuid import UUID

from shared.auth.authenticators import Worker
from shared.contracts.job_catalog import QUEUES, WorkerType
from shared.contracts.worker_registration import RegisterChatWorkerRequest
from shared.db.connection import Connection
from shared.db.queries import dispatch as queries
from shared.db.queries import rate_limits, workers
from shared.errors import ForbiddenError, RateLimitedError
from shared.jobs import dispatch
from shared.services import Services
from shared.workers import challenge, urls

MAX_MOVES_PER_MINUTE = 10
"""How often a worker may change its URL while jobs are dispatched to it. Each change dispatches
them all again, up to a thousand tasks."""


async def register_worker(
    request: RegisterChatWorkerRequest, worker_type: WorkerType, worker: Worker, services: Services
) -> str:
    """Verify and record a worker's URL. Jobs sent to its previous URL are dispatched again.

    Returns:
        A message for a person.

    Raises:
        ForbiddenError: The worker id does not belong to the key.
        InvalidRequestError: The URL is not allowed, or does not prove that it holds the key.
        RateLimitedError: The worker moved ``MAX_MOVES_PER_MINUTE`` times while it had jobs.
    """
    if request.worker_id not in {worker.key_id, f"{worker.key_id}-{worker_type}"}:
        raise ForbiddenError("The worker id does not belong to this key.")
    url = await urls.validate_worker_url(request.worker_url, services.settings)
    response_ms = await challenge.verify_worker_url(url, worker.key_id, services)
    await _record(request, worker_type, worker, services, url=url, response_ms=response_ms)
    if queue := QUEUES.get(worker_type):
        await dispatch.dispatch_jobs(services, queue)
    return f"{request.worker_id} is registered at {url}."


async def _record(
    request: RegisterChatWorkerRequest,
    worker_type: WorkerType,
    worker: Worker,
    services: Services,
    *,
    url: str,
    response_ms: int,
) -> None:
    async with services.database.transaction() as connection:
        if await queries.release_moved_worker(connection, request.worker_id, other_than_url=url):
            await _count_move(connection, request.worker_id)
        if not await workers.register(
            connection,
            worker_id=request.worker_id,
            worker_type=worker_type,
            worker_url=url,
            key_id=worker.key_id,
            models=request.models,
            slots=request.slots,
            response_ms=response_ms,
        ):
            raise ForbiddenError("The worker id belongs to another key or worker type.")


async def _count_move(connection: Connection, worker_id: str) -> None:
    digest = hashlib.sha256(worker_id.encode()).digest()
    seconds = await rate_limits.take_with(
        connection,
        user_id=UUID(bytes=digest[:16]),
        bucket="moves",
        per_minute=MAX_MOVES_PER_MINUTE,
    )
    if seconds is not None:
        raise RateLimitedError(
            f"A worker with jobs may change its URL {MAX_MOVES_PER_MINUTE} times a minute.",
            retry_after_seconds=math.ceil(seconds),
        )
