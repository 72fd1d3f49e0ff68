"""Registering a worker: where it can be reached, once it has proved that it is there."""

import hashlib
import math
from uuid import UUID

from shared.auth.authenticators import Worker
from shared.contracts.job_catalog import QUEUES, WorkerType
from shared.contracts.worker_registration import RegisterChatWorkerRequest
from shared.db.connection import Connection
from shared.db.queries import rate_limits, slots, workers
from shared.errors import ForbiddenError, RateLimitedError
from shared.jobs import dispatch
from shared.services import Services
from shared.workers import challenge, urls

MAX_MOVES_PER_MINUTE = 10
"""How often a worker may change its address while jobs wait there: each change sends them all
again, up to a thousand tasks."""


async def register_worker(
    request: RegisterChatWorkerRequest, worker_type: WorkerType, worker: Worker, services: Services
) -> str:
    """Record the address once it has answered; jobs sent to the old one follow the worker.

    Returns:
        What has come of it, for a person.

    Raises:
        ForbiddenError: where the name is not that key's.
        InvalidError: where the address is refused, or does not prove that it holds the key.
        RateLimitedError: where the worker moved ``MAX_MOVES_PER_MINUTE`` times with jobs.
    """
    if request.worker_id not in {worker.key_id, f"{worker.key_id}-{worker_type}"}:
        raise ForbiddenError("This key is not that worker's.")
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
        if await slots.release_moved_worker(connection, request.worker_id, other_than_url=url):
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
            raise ForbiddenError("That worker id belongs to another key or type.")


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
            f"A worker with jobs may change its address {MAX_MOVES_PER_MINUTE} times a minute.",
            retry_after_seconds=math.ceil(seconds),
        )
