"""Reads ``change_events`` once per process and delivers them to the channels."""

import asyncio
import contextvars
import functools
from collections import defaultdict
from collections.abc import Callable
from uuid import UUID

from functions.realtime.change_message import PUBLIC_TABLE, ChangeMessage
from functions.realtime.channel import Channel
from shared.db.listener import ALL_KEYS
from shared.db.queries import change_events
from shared.db.queries.change_events import Page, Position
from shared.errors import ServiceUnavailableError
from shared.services import Services
from shared.telemetry.logs import logger

_MAX_EVENTS = 100
"""Per page: between two pages the sockets can send."""
_UNCOMMITTED_POLL_SECONDS = 0.025
"""Between two reads while earlier transactions have not committed."""
_RETRY_DELAY_SECONDS = 0.5


@functools.cache
def get_hub(services: Services) -> "Hub":
    """Return the process's hub."""
    return Hub(services)


class Hub:
    """Reads events and delivers each to the channels that may receive it.

    It keeps its position during an outage of the database, so that no event is lost. Without
    channels it reads nothing.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._own: defaultdict[UUID | None, set[Channel]] = defaultdict(set)
        """All channels by user. Anonymous ones (None) receive no private rows."""
        self._public: set[Channel] = set()
        """Channels with bindings on the table whose rows may be public."""
        self._joining = 0
        self._has_channels = asyncio.Event()
        self._begun = asyncio.Event()
        self._position: Position | None = None
        self._task: asyncio.Task[None] | None = None

    async def add(self, channel: Channel, begin: Callable[[], None]) -> None:
        """Register a channel for every change that is committed after ``begin`` is called.

        Args:
            channel: the channel.
            begin: called once the hub has a position, right before the channel is registered.
        """
        if self._task is None:
            # A new context, so that its logs do not carry the fields of the first socket.
            self._task = asyncio.create_task(self._run(), context=contextvars.Context())
        self._joining += 1
        self._has_channels.set()
        try:
            await self._begun.wait()
            begin()
            self.register(channel)
        finally:
            self._joining -= 1

    def register(self, channel: Channel) -> None:
        """Register a channel under its caller."""
        self._own[channel.user_id].add(channel)
        if PUBLIC_TABLE in channel.bindings.tables:
            self._public.add(channel)

    def unregister(self, channel: Channel) -> None:
        """Stop delivering events to a channel."""
        self._public.discard(channel)
        own = self._own[channel.user_id]
        own.discard(channel)
        if not own:
            del self._own[channel.user_id]

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        with self._services.event_listener.subscribe(ALL_KEYS) as subscription:
            while True:
                try:
                    page = await self._read()
                    await subscription.wait(loop.time() + self._seconds_to_next(page))
                except ServiceUnavailableError:
                    await asyncio.sleep(_RETRY_DELAY_SECONDS)
                except Exception:  # noqa: BLE001 - the last resort: the reader must not end
                    logger.error("reading change events failed", exc_info=True)
                    self._lose_all()
                    await asyncio.sleep(_RETRY_DELAY_SECONDS)

    async def _read(self) -> Page:
        """Read and publish the next page. The first read only finds the current position."""
        if not (self._own or self._joining):
            self._position = None
            self._begun.clear()
            self._has_channels.clear()
            await self._has_channels.wait()
        async with self._services.database.transaction() as connection:
            page = await change_events.read_all(connection, self._position, limit=_MAX_EVENTS)
        if page.is_expired:
            logger.warning("reading change events fell too far behind")
            self._lose_all()
        self._position = page.position
        self._begun.set()
        for event in page.events:
            self._publish(ChangeMessage(event))
        return page

    def _publish(self, change: ChangeMessage) -> None:
        own = self._own.get(change.event.user_id, set())
        for channel in tuple(own | self._public if change.is_public else own):
            try:
                channel.deliver(change)
            except Exception:  # noqa: BLE001 - one channel must not stop the rest
                logger.error("an event could not be delivered to a channel", exc_info=True)
                channel.outlet.force_rejoin(channel)

    def _lose_all(self) -> None:
        self._position = None
        for channel in [channel for channels in self._own.values() for channel in channels]:
            channel.outlet.force_rejoin(channel)

    def _seconds_to_next(self, page: Page) -> float:
        if page.has_more:
            return 0
        seconds = self._services.settings.event_poll_seconds
        return _UNCOMMITTED_POLL_SECONDS if page.has_uncommitted else seconds
