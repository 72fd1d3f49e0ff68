"""LISTEN/NOTIFY subscriptions shared by all requests of a process.

Each process has one connection per channel. The payload of a notification is a key, or a key, a
space and a message for the subscribers of the key.
"""

import asyncio
import contextlib
import contextvars
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any, Literal, LiteralString

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from shared.db import database_login
from shared.settings import Settings
from shared.telemetry.logs import logger

Channel = Literal["events", "idempotency"]

_LISTEN: dict[Channel, LiteralString] = {
    "events": "listen events",
    "idempotency": "listen idempotency",
}

ALL_KEYS = ""
"""A subscription to this key is notified of every key, but receives no messages."""

_RECONNECT_SECONDS = 0.5
_MAX_QUEUED = 64
"""Messages kept for a slow subscriber; older ones are dropped."""

_CONNECTION: dict[str, Any] = {
    "application_name": "ourvidz-listener",
    "connect_timeout": 5,
    # The connection may be idle for hours; keepalives detect its loss.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


class Subscription:
    """A subscription to one key."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self._is_notified = False
        self._payloads: deque[str] = deque(maxlen=_MAX_QUEUED)

    def notify(self, payload: str = "") -> None:
        """Wake the subscriber, with a message or with a plain notification of the key."""
        if payload:
            self._payloads.append(payload)
        else:
            self._is_notified = True
        self._woken.set()

    async def wait(self, until: float) -> str | None:
        """Return the next message; None on a plain notification or at the time ``until``.

        ``until`` is a time of the event loop. Queued messages are returned first.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while not (self._payloads or self._is_notified):
                    self._woken.clear()
                    await self._woken.wait()
        if self._payloads:
            return self._payloads.popleft()
        self._is_notified = False
        return None


class Listener:
    """Listens to one channel. It connects at the first subscription and reconnects after errors.

    A notification may be missed while there is no connection, so all subscribers are notified once
    it is established: one that subscribes first and then reads the database misses nothing.
    """

    def __init__(self, settings: Settings, channel: Channel) -> None:
        self._settings = settings
        self._channel: Channel = channel
        self._task: asyncio.Task[None] | None = None
        self._waiting: defaultdict[str, set[Subscription]] = defaultdict(set)

    @contextlib.contextmanager
    def subscribe(self, key: str) -> Iterator[Subscription]:
        """Subscribe to ``key``; the context manager unsubscribes at its end."""
        if self._task is None:
            # An empty context, so that its log lines do not carry the fields of the first request.
            self._task = asyncio.create_task(self._run(), context=contextvars.Context())
        subscription = Subscription()
        self._waiting[key].add(subscription)
        try:
            yield subscription
        finally:
            self._waiting[key].discard(subscription)
            if not self._waiting[key]:
                del self._waiting[key]

    async def close(self) -> None:
        """Stop listening."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                logger.warning("a listener lost its connection: %s", type(error).__name__)
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen(self) -> None:
        address = await database_login.conninfo(self._settings)
        connection = await AsyncConnection.connect(address, autocommit=True, **_CONNECTION)
        async with connection:
            await listen(connection, self._channel)
            for subscription in [
                subscription
                for subscriptions in self._waiting.values()
                for subscription in subscriptions
            ]:
                subscription.notify()
            async for notification in connection.notifies():
                key, _, payload = notification.payload.partition(" ")
                for subscription in self._waiting.get(key, ()):
                    subscription.notify(payload)
                if not payload:
                    for subscription in self._waiting.get(ALL_KEYS, ()):
                        subscription.notify()


async def listen(connection: AsyncConnection[TupleRow], channel: Channel) -> None:
    """Listen to a channel, outside of any transaction. Sets timeouts for the connection."""
    await connection.execute(
        """
        select set_config('statement_timeout', '10s', false),
               set_config('lock_timeout', '5s', false),
               set_config('idle_in_transaction_session_timeout', '15s', false)
        """
    )
    await connection.execute(_LISTEN[channel])
