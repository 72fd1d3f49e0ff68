"""One client connection: receive messages, send queued frames, and close."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from functions.realtime import hub, phoenix
from functions.realtime.channel import Channel
from functions.realtime.connection_registry import Registry
from functions.realtime.limits import Limits, TokenBucket
from functions.realtime.phoenix import MalformedError, Message, Version
from shared.services import Services
from shared.telemetry.logs import logger

Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
Answer: TypeAlias = Callable[["Connection", Message], Awaitable[None]]

_NO_CODE = 1005
"""Close code of a connection that was closed without one."""


@dataclass(frozen=True, slots=True)
class CloseReason:
    """Close code and reason that are sent to the client (RFC 6455, section 7.4)."""

    code: int
    reason: str


TOO_MANY_JOINS = CloseReason(1008, "too many joins")
_MALFORMED = CloseReason(1007, "malformed message")
_FAULT = CloseReason(1011, "internal error")
_TOO_SLOW = CloseReason(1013, "client reads too slowly")
_SILENT = CloseReason(4408, "no heartbeat")
_NO_ROOM = CloseReason(1013, "evicted by another socket; connect again")

_GIVING_WAY_SECONDS = 0.2
"""For the close frame of an evicted socket, so that its place becomes free quickly."""


@dataclass(slots=True)
class Backlog:
    """Characters that all sockets of the process together have still to send."""

    size: int = 0


class SendQueue:
    """A bounded queue of frames; ``put`` never waits."""

    def __init__(self, limits: Limits, backlog: Backlog) -> None:
        self._limits = limits
        self._backlog = backlog
        self._frames: deque[str] = deque()
        self._size = 0
        self._put = asyncio.Event()
        self._emptied = asyncio.Event()

    def put(self, frame: str) -> bool:
        """Append a frame; False if a limit is exceeded."""
        limits = self._limits
        is_crowded = self._backlog.size > limits.all_queued_bytes
        if (
            len(self._frames) >= limits.queued_frames
            or self._size > limits.queued_bytes
            or (is_crowded and self._size > limits.share_of_queued_bytes)
        ):
            return False
        self._frames.append(frame)
        self._add(len(frame))
        self._put.set()
        return True

    async def first(self) -> str:
        """Wait for the oldest frame and return it; ``drop_first`` removes it."""
        while not self._frames:
            self._put.clear()
            await self._put.wait()
        return self._frames[0]

    def drop_first(self) -> None:
        """Remove the oldest frame after it was sent."""
        self._add(-len(self._frames.popleft()))
        if not self._frames:
            self._emptied.set()

    async def emptied(self) -> None:
        """Wait until every frame was sent."""
        while self._frames:
            self._emptied.clear()
            await self._emptied.wait()

    def clear(self) -> None:
        """Remove all frames that were not sent."""
        self._frames.clear()
        self._add(-self._size)

    def _add(self, size: int) -> None:
        self._size += size
        self._backlog.size += size


class Connection:
    """An accepted WebSocket connection and its channels."""

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
        """The apikey, used for joins without a token."""
        self.services = services
        self.limits = limits
        self.registry = registry
        self.channels: dict[str, Channel] = {}
        self.pace = TokenBucket(limits.joins_at_once, limits.joins_per_second, services.clock)
        self._send = send
        self._queue = SendQueue(limits, backlog)
        self._noted: set[str] = set()
        self._is_gone = False
        self._closing: asyncio.Timeout | None = None
        self._ending: asyncio.Future[CloseReason] = asyncio.get_running_loop().create_future()

    async def run(self, receive: Receive, answer: Answer) -> CloseReason:
        """Receive and send until the connection ends, then release everything it holds.

        Args:
            receive: of ASGI.
            answer: handles one message.

        Returns:
            Why the connection ended.
        """
        receiving = asyncio.create_task(self._receive_loop(receive, answer))
        sending = asyncio.create_task(self._send_loop())
        try:
            ending = await self._ending
            receiving.cancel()
            self._forget_all()
            await self._close(ending, sending)
        finally:
            self._forget_all()
            receiving.cancel()
            sending.cancel()
            await asyncio.wait([receiving, sending])
            self._queue.clear()
        return ending

    def push(self, frame: str) -> None:
        """Queue a frame. A client that reads too slowly is disconnected; this never waits."""
        if not self._queue.put(frame):
            self.end(_TOO_SLOW)

    def reply(self, to: Message, status: str, response: dict[str, Any]) -> None:
        """Reply to a message (``phx_reply``)."""
        payload = {"status": status, "response": response}
        reply = Message(to.join_ref, to.ref, to.topic, "phx_reply", payload)
        self.push(phoenix.write(reply, self.version))

    def refuse(self, message: Message, reason: str) -> None:
        """Reply to a message with an error; the first one of each reason is logged."""
        self.note("a message was refused", reason)
        self.reply(message, "error", {"reason": reason})

    def note(self, event: str, reason: str) -> None:
        """Log a problem once per reason, however often the client retries."""
        if reason not in self._noted:
            self._noted.add(reason)
            logger.warning(event, extra={"fields": {"reason": reason}})

    def close(self, channel: Channel, event: str = "phx_close") -> None:
        """Close one channel: with ``phx_close`` for good, with ``phx_error`` to be joined again."""
        self._forget(channel)
        channel.push(event, {}, channel.join_ref)

    def force_rejoin(self, channel: Channel) -> None:
        """Close a channel that may have missed events; its client joins again."""
        self.close(channel, "phx_error")

    def end(self, ending: CloseReason) -> None:
        """End the connection; the first reason counts."""
        if not self._ending.done():
            self._ending.set_result(ending)

    def give_way(self) -> None:
        """Close at once, because another socket needs its place."""
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
        except Exception:  # noqa: BLE001 - the last resort: the client reconnects
            logger.error("unhandled error", exc_info=True)
            self.end(_FAULT)

    async def _receive_text(self, receive: Receive) -> str | bytes | None:
        """Receive the next frame; None if the connection ends instead."""
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
                await self._send({"type": "websocket.send", "text": await self._queue.first()})
                self._queue.drop_first()
        except OSError:
            self._is_gone = True
            self.end(CloseReason(_NO_CODE, "it was lost"))
        except Exception:  # noqa: BLE001 - the last resort: a socket that cannot send must close
            logger.error("unhandled error", exc_info=True)
            self.end(_FAULT)

    async def _close(self, ending: CloseReason, sending: asyncio.Task[None]) -> None:
        """Send the queued frames and the close frame, if the client still reads."""
        if self._is_gone:
            return
        is_hurried = ending is _NO_ROOM
        seconds = _GIVING_WAY_SECONDS if is_hurried else self.limits.close_seconds
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(seconds) as self._closing:
                if ending is not _TOO_SLOW and not is_hurried and not sending.done():
                    await self._queue.emptied()
                sending.cancel()
                await asyncio.wait([sending])
                close = {"type": "websocket.close", "code": ending.code, "reason": ending.reason}
                await self._send(close)

    def _forget_all(self) -> None:
        for channel in tuple(self.channels.values()):
            self._forget(channel)

    def _forget(self, channel: Channel) -> None:
        """Stop a channel and remove it from the hub and the connection."""
        channel.stop()
        hub.get_hub(self.services).unregister(channel)
        if self.channels.get(channel.topic) is channel:
            del self.channels[channel.topic]
