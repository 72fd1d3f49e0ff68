"""LISTEN: one connection a process hears what others have committed, for everyone who waits."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator

from psycopg import AsyncConnection, OperationalError

from shared.log import logger
from shared.queries import notifications
from shared.settings import Settings

_RECONNECT_SECONDS = 0.5


class Listener:
    """Opened by the first who waits, and kept.

    A notification may be missed while the connection is made again, so whoever waits looks for
    itself every so often as well.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url.get_secret_value()
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._waiting: dict[tuple[str, str], set[asyncio.Event]] = defaultdict(set)

    @contextlib.asynccontextmanager
    async def heard(self, channel: str, payload: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set by each notification of ``payload`` on ``channel``."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        event = asyncio.Event()
        self._waiting[channel, payload].add(event)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ready.wait(), _RECONNECT_SECONDS)
            yield event
        finally:
            self._waiting[channel, payload].discard(event)
            if not self._waiting[channel, payload]:
                del self._waiting[channel, payload]

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
            except OperationalError as error:
                logger.warning("the listener lost its connection: %s", type(error).__name__)
            self._ready.clear()
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen(self) -> None:
        connection = await AsyncConnection.connect(self._url, autocommit=True)
        async with connection:
            await notifications.listen(connection)
            self._ready.set()
            async for told in connection.notifies():
                for event in self._waiting.get((told.channel, told.payload), ()):
                    event.set()
