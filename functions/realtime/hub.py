"""One reader of ``change_events`` for the process, and who hears of what."""

import asyncio
import contextvars
import functools
from collections import defaultdict
from collections.abc import Callable
from uuid import UUID

from functions.realtime.change_message import PUBLIC_TABLE, ChangeMessage
from functions.realtime.channel import Channel
from shared.db.listener import ALL_KEYS
from shared.db.queries import all_events
from shared.db.queries.change_events import Page, Position
from shared.errors import ServiceUnavailableError
from shared.services import Services
from shared.telemetry.logs import logger

_MAX_EVENTS = 100
"""At a time: between two pages the sockets get their turn to send."""
_PENDING_SECONDS = 0.025
_OUTAGE_SECONDS = 0.5


@functools.cache
def get_hub(services: Services) -> "Hub":
    """The process's own."""
    return Hub(services)


class Hub:
    """It reads on from where it was, and so loses nothing by an outage; idle, it reads nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._own: defaultdict[UUID | None, set[Channel]] = defaultdict(set)
        """Every channel, by its user; those of nobody hear of nobody's own rows."""
        self._public: set[Channel] = set()
        """Those that want changes of rows that may be public."""
        self._joining = 0
        self._has_channels = asyncio.Event()
        self._begun = asyncio.Event()
        self._position: Position | None = None
        self._task: asyncio.Task[None] | None = None

    async def add(self, channel: Channel, begin: Callable[[], None]) -> None:
        """Let a channel hear of whatever is committed from the call of ``begin`` on."""
        if self._task is None:
            # A context of its own: what it logs is not of the socket that came first.
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
        """Put a channel where its caller belongs."""
        self._own[channel.user_id].add(channel)
        if PUBLIC_TABLE in channel.bindings.tables:
            self._public.add(channel)

    def unregister(self, channel: Channel) -> None:
        """Let a channel hear nothing more."""
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
                    await asyncio.sleep(_OUTAGE_SECONDS)
                except Exception:  # noqa: BLE001 - the last resort: nobody may wait in vain
                    logger.error("the reader of events failed", exc_info=True)
                    self._lose_all()
                    await asyncio.sleep(_OUTAGE_SECONDS)

    async def _read(self) -> Page:
        """The next page, told to all; the first finds where to begin."""
        if not (self._own or self._joining):
            self._position = None
            self._begun.clear()
            self._has_channels.clear()
            await self._has_channels.wait()
        async with self._services.database.transaction() as connection:
            page = await all_events.after(connection, self._position, limit=_MAX_EVENTS)
        if page.is_expired:
            logger.warning("the reader of events was too far behind")
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
            except Exception:  # noqa: BLE001 - the last resort: one channel's is nobody else's
                logger.error("a channel could not be told", exc_info=True)
                channel.outlet.force_rejoin(channel)

    def _lose_all(self) -> None:
        self._position = None
        for channel in [one for several in self._own.values() for one in several]:
            channel.outlet.force_rejoin(channel)

    def _seconds_to_next(self, page: Page) -> float:
        if page.has_more:
            return 0
        seconds = self._services.settings.event_poll_seconds
        return _PENDING_SECONDS if page.has_uncommitted else seconds
