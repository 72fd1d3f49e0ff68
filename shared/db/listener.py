"""LISTEN: one connection a process and channel hears what others have committed, for all who wait.

A notification's payload is a key, or a key, a space and something said about it.
"""

import asyncio
import contextlib
import contextvars
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import AsyncConnection

from shared.db import database_login, notifications
from shared.db.notifications import Channel
from shared.settings import Settings
from shared.telemetry.logs import logger

ALL_KEYS = ""
"""The key of one who is woken by every other key, and hears nothing of what is said."""

_RECONNECT_SECONDS = 0.5
_MAX_QUEUED = 64
"""What is kept for one who does not come to read it; older is dropped."""

_CONNECTION: dict[str, Any] = {
    "application_name": "ourvidz-listener",
    "connect_timeout": 5,
    # A connection that says nothing for hours, so that its loss is noticed.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


class Subscription:
    """What is told of one key."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self._is_told = False
        self._payloads: deque[str] = deque(maxlen=_MAX_QUEUED)

    def notify(self, payload: str = "") -> None:
        """Wake who waits: with what was said, or for the key's own sake."""
        if payload:
            self._payloads.append(payload)
        else:
            self._is_told = True
        self._woken.set()

    async def wait(self, until: float) -> str | None:
        """The next that was said; None once the key itself is told, or at ``until``.

        ``until`` is a time of the event loop. What was said comes first.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while not (self._payloads or self._is_told):
                    self._woken.clear()
                    await self._woken.wait()
        if self._payloads:
            return self._payloads.popleft()
        self._is_told = False
        return None


class Listener:
    """Connected by the first who waits, and kept.

    A notification may be missed while the connection is made, so everyone is told once it is:
    whoever subscribes and then looks for itself misses nothing.
    """

    def __init__(self, settings: Settings, channel: Channel) -> None:
        self._settings = settings
        self._channel: Channel = channel
        self._task: asyncio.Task[None] | None = None
        self._waiting: defaultdict[str, set[Subscription]] = defaultdict(set)

    @contextlib.contextmanager
    def subscribe(self, key: str) -> Iterator[Subscription]:
        """What is told of ``key`` from now on."""
        if self._task is None:
            # A context of its own: what it logs is not of the request that came first.
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
            await notifications.listen(connection, self._channel)
            for subscription in [
                subscription for several in self._waiting.values() for subscription in several
            ]:
                subscription.notify()
            async for notification in connection.notifies():
                key, _, payload = notification.payload.partition(" ")
                for subscription in self._waiting.get(key, ()):
                    subscription.notify(payload)
                if not payload:
                    for subscription in self._waiting.get(ALL_KEYS, ()):
                        subscription.notify()
