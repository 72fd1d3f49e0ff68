"""One client's connection: what it hears and says, until something ends it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple, TypeAlias

from functions.realtime import hub, phoenix
from functions.realtime.channel import Channel
from functions.realtime.connection_registry import Registry
from functions.realtime.limits import Limits
from functions.realtime.outbox import Backlog, SendQueue
from functions.realtime.pace import TokenBucket
from functions.realtime.phoenix import MalformedError, Message, Version
from shared.services import Services
from shared.telemetry.logs import logger

Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
Answer: TypeAlias = Callable[["Connection", Message], Awaitable[None]]

_NO_CODE = 1005
"""Of a connection that was closed without one."""


class CloseReason(NamedTuple):
    """Why a connection ends, as its client is told (RFC 6455, section 7.4)."""

    code: int
    reason: str


TOO_MANY_JOINS = CloseReason(1008, "too many joins")
_MALFORMED = CloseReason(1007, "not a message of the protocol")
_FAULT = CloseReason(1011, "something went wrong")
_TOO_SLOW = CloseReason(1013, "too slow to read")
_SILENT = CloseReason(4408, "no heartbeat")
_NO_ROOM = CloseReason(1013, "another socket needs the room; connect again")

_GIVING_WAY_SECONDS = 0.2
"""For the close frame of a socket that gives way; it is not to take the room for longer."""


class Connection:
    """A connection that was accepted."""

    def __init__(
        self,
        version: Version,
        token: str,
        send: Send,
        services: Services,
        limits: Limits,
        registry: Registry,
        backlog: Backlog,
    ) -> None:
        self.version: Version = version
        self.token = token
        """The apikey: what counts where a join brings none."""
        self.services = services
        self.limits = limits
        self.registry = registry
        self.channels: dict[str, Channel] = {}
        self.pace = TokenBucket(limits.joins_at_once, limits.joins_per_second, services.clock)
        self._send = send
        self._outbox = SendQueue(limits, backlog)
        self._noted: set[str] = set()
        self._is_gone = False
        self._closing: asyncio.Timeout | None = None
        self._ending: asyncio.Future[CloseReason] = asyncio.get_running_loop().create_future()

    async def run(self, receive: Receive, answer: Answer) -> CloseReason:
        """Hear and say until something ends it; nothing of it is left then."""
        hearing = asyncio.create_task(self._receive_loop(receive, answer))
        saying = asyncio.create_task(self._send_loop())
        try:
            ending = await self._ending
            hearing.cancel()
            self._forget_all()
            await self._close(ending, saying)
        finally:
            self._forget_all()
            hearing.cancel()
            saying.cancel()
            await asyncio.wait([hearing, saying])
            self._outbox.clear()
        return ending

    def push(self, frame: str) -> None:
        """Have the client told; one that does not read is let go, and nobody waits for it."""
        if not self._outbox.put(frame):
            self.end(_TOO_SLOW)

    def reply(self, to: Message, status: str, response: dict[str, Any]) -> None:
        """Answer a message."""
        payload = {"status": status, "response": response}
        reply = Message(to.join_ref, to.ref, to.topic, "phx_reply", payload)
        self.push(phoenix.write(reply, self.version))

    def refuse(self, message: Message, reason: str) -> None:
        """Answer a message by an error, and log it the first time."""
        self.note("a message was refused", reason)
        self.reply(message, "error", {"reason": reason})

    def note(self, what: str, reason: str) -> None:
        """Log a mishap, once of its kind: a client that tries again says nothing new."""
        if reason not in self._noted:
            self._noted.add(reason)
            logger.warning(what, extra={"fields": {"reason": reason}})

    def close(self, channel: Channel, event: str = "phx_close") -> None:
        """End one channel: ``phx_close`` for good, by ``phx_error`` its client joins again."""
        self._forget(channel)
        channel.push(event, {}, channel.join_ref)

    def force_rejoin(self, channel: Channel) -> None:
        """End a channel that may have missed something: its client joins anew."""
        self.close(channel, "phx_error")

    def end(self, ending: CloseReason) -> None:
        """End the connection."""
        if not self._ending.done():
            self._ending.set_result(ending)

    def give_way(self) -> None:
        """Close at once, for another socket needs the room."""
        self.end(_NO_ROOM)
        if self._closing:
            self._closing.reschedule(asyncio.get_running_loop().time())

    async def _receive_loop(self, receive: Receive, answer: Answer) -> None:
        try:
            while not self._ending.done():
                if (frame := await self._receive_text(receive)) is not None:
                    await answer(self, phoenix.read(frame, self.version))
        except (MalformedError, RecursionError):
            self.end(_MALFORMED)
        except Exception:  # noqa: BLE001 - the last resort: the client joins anew
            logger.error("unhandled error", exc_info=True)
            self.end(_FAULT)

    async def _receive_text(self, receive: Receive) -> str | bytes | None:
        """The next frame; None where the connection ends instead."""
        try:
            async with asyncio.timeout(self.limits.idle_seconds):
                event = await receive()
        except TimeoutError:
            self.end(_SILENT)
            return None
        if event["type"] == "websocket.disconnect":
            self._is_gone = True
            self.end(CloseReason(event.get("code") or _NO_CODE, "it was closed"))
            return None
        frame: str | bytes | None = event.get("text")
        return event["bytes"] if frame is None else frame

    async def _send_loop(self) -> None:
        try:
            while True:
                await self._send({"type": "websocket.send", "text": await self._outbox.first()})
                self._outbox.drop_first()
        except OSError:
            self._is_gone = True
            self.end(CloseReason(_NO_CODE, "it was lost"))
        except Exception:  # noqa: BLE001 - the last resort: no socket may stay open and mute
            logger.error("unhandled error", exc_info=True)
            self.end(_FAULT)

    async def _close(self, ending: CloseReason, saying: asyncio.Task[None]) -> None:
        """Tell the client, as far as it still reads."""
        if self._is_gone:
            return
        is_hurried = ending is _NO_ROOM
        seconds = _GIVING_WAY_SECONDS if is_hurried else self.limits.close_seconds
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(seconds) as self._closing:
                if ending is not _TOO_SLOW and not is_hurried and not saying.done():
                    await self._outbox.emptied()
                saying.cancel()
                await asyncio.wait([saying])
                code, reason = ending
                await self._send({"type": "websocket.close", "code": code, "reason": reason})

    def _forget_all(self) -> None:
        for channel in tuple(self.channels.values()):
            self._forget(channel)

    def _forget(self, channel: Channel) -> None:
        """Let go of whatever a channel holds."""
        channel.stop()
        hub.get_hub(self.services).unregister(channel)
        if self.channels.get(channel.topic) is channel:
            del self.channels[channel.topic]
