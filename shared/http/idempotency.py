"""Idempotency-Key: reserve keys, and store and replay responses.

The same key and body from the same user get the first response again. A request reserves its key
under a lease and stores its response in the transaction of its change. Other requests with the key
wait for that response. An error, or an expired lease, releases the key.
"""

import asyncio
import contextlib
import hashlib
import math
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from shared.db.connection import Connection
from shared.db.queries import idempotency_keys
from shared.db.queries.idempotency_keys import Held, Scope
from shared.errors import ConflictError, InvalidRequestError, ServiceUnavailableError
from shared.services import Services

HEADER = "idempotency-key"

_MAX_CHARACTERS = 255
_FALLBACK_POLL_SECONDS = 1.0
"""How often a waiting request polls: an expired lease sends no notification."""

_RELEASE_SECONDS = 0.5
_releasing: set[asyncio.Task[None]] = set()
"""Running release tasks. asyncio may collect a task that has no other reference."""


class IdempotentRequest:
    """Passed to a handler that supports Idempotency-Key; stores its response."""

    def __init__(self, reservation: UUID | None = None) -> None:
        self._reservation = reservation
        self.is_stored = reservation is None

    async def store_response(self, connection: Connection, answer: BaseModel) -> None:
        """Store the response in the transaction of the change that it reports.

        Raises:
            ConflictError: The reservation expired and another request took the key. The
                transaction must roll back, and the change with it.
        """
        if self._reservation is None:
            return
        body = answer.model_dump(mode="json", by_alias=True)
        if not await idempotency_keys.keep(connection, self._reservation, body):
            raise _in_progress(0)
        self.is_stored = True


async def run_once(
    act: Callable[[IdempotentRequest], Awaitable[Any]], scope: Scope | None, services: Services
) -> Any | dict[str, Any]:  # noqa: ANN401 - the handler's response, or the stored one
    """Run ``act`` for a new key, else return the stored response. Without a key, always run it.

    Raises:
        ConflictError: Another request with the key did not finish in time.
        InvalidRequestError: The key was used with a different body.
    """
    if scope is None:
        return await act(IdempotentRequest())
    reservation = services.new_id()
    answered = await _reserve(scope, reservation, services)
    if answered is not None:
        return answered
    idempotent_request = IdempotentRequest(reservation)
    try:
        answer = await act(idempotent_request)
        if not idempotent_request.is_stored:
            async with services.database.transaction() as connection:
                await idempotent_request.store_response(connection, answer)
    except BaseException:
        # Also after a disconnect, so that a retry need not wait until the lease expires.
        await asyncio.shield(_release(reservation, services))
        raise
    return answer


def key_scope(key: str | None, *, user_id: UUID, endpoint: str, body: bytes) -> Scope | None:
    """Return the scope of an Idempotency-Key; None without a key.

    Raises:
        InvalidRequestError: The key is not 1 to 255 printable ASCII characters.
    """
    if key is None:
        return None
    if not (0 < len(key) <= _MAX_CHARACTERS and key.isascii() and key.isprintable()):
        raise InvalidRequestError("Idempotency-Key must be 1 to 255 printable ASCII characters.")
    digest = hashlib.sha256(body).digest()
    return Scope(user_id=user_id, endpoint=endpoint, key=key, body_hash=digest)


async def _reserve(scope: Scope, reservation: UUID, services: Services) -> dict[str, Any] | None:
    """Reserve the key and return None, or wait for and return the stored response."""
    held = await _reserve_or_get(scope, reservation, services)
    if held is None or held.answer is not None:
        return held.answer if held else None
    loop = asyncio.get_running_loop()
    until = loop.time() + services.settings.idempotency_wait_seconds
    with services.idempotency_listener.subscribe(str(held.id)) as subscription:
        while loop.time() < until:
            held = await _reserve_or_get(scope, reservation, services)
            if held is None or held.answer is not None:
                return held.answer if held else None
            await subscription.wait(min(until, loop.time() + _FALLBACK_POLL_SECONDS))
    raise _in_progress(held.lease_seconds)


async def _reserve_or_get(scope: Scope, reservation: UUID, services: Services) -> Held | None:
    """Reserve the key and return None, or return its current reservation or response.

    Raises:
        InvalidRequestError: The key was used with a different body.
    """
    lease = services.settings.idempotency_lease_seconds
    async with services.database.transaction() as connection:
        while True:
            if await idempotency_keys.reserve(
                connection, scope, reservation=reservation, lease_seconds=lease
            ):
                return None
            if held := await idempotency_keys.get(connection, scope):
                break
    if held.body_hash != scope.body_hash:
        raise InvalidRequestError(
            "This Idempotency-Key was already used with a different request.",
            code="idempotency_key_reused",
        )
    return held


async def _release(reservation: UUID, services: Services) -> None:
    """Release the key; if the database is unavailable, retry in the background."""
    try:
        await _free(reservation, services)
    except ServiceUnavailableError:
        releasing = asyncio.create_task(_release_in_background(reservation, services))
        _releasing.add(releasing)
        releasing.add_done_callback(_releasing.discard)


async def _release_in_background(reservation: UUID, services: Services) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + services.settings.idempotency_lease_seconds
    while loop.time() < until:
        await asyncio.sleep(_RELEASE_SECONDS)
        with contextlib.suppress(ServiceUnavailableError):
            await _free(reservation, services)
            return


async def _free(reservation: UUID, services: Services) -> None:
    async with services.database.transaction() as connection:
        await idempotency_keys.release(connection, reservation)


def _in_progress(lease_seconds: float) -> ConflictError:
    return ConflictError(
        "A request with this Idempotency-Key is in progress; retry later.",
        code="in_progress",
        retry_after_seconds=max(1, math.ceil(lease_seconds)),
    )
