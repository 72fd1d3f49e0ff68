"""What a client is still to be told, up to a limit."""

import asyncio
from collections import deque
from dataclasses import dataclass

from functions.realtime.limits import Limits


@dataclass(slots=True)
class Backlog:
    """What all sockets of the process together have still to send."""

    size: int = 0


class SendQueue:
    """A queue of frames that never makes the one who puts wait."""

    def __init__(self, limits: Limits, backlog: Backlog) -> None:
        self._limits = limits
        self._backlog = backlog
        self._frames: deque[str] = deque()
        self._size = 0
        self._put = asyncio.Event()
        self._emptied = asyncio.Event()

    def put(self, frame: str) -> bool:
        """Whether there was room."""
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
        """The oldest frame, once there is one; it stays until it is dropped."""
        while not self._frames:
            self._put.clear()
            await self._put.wait()
        return self._frames[0]

    def drop_first(self) -> None:
        """The oldest was sent."""
        self._add(-len(self._frames.popleft()))
        if not self._frames:
            self._emptied.set()

    async def emptied(self) -> None:
        """Wait until everything was sent."""
        while self._frames:
            self._emptied.clear()
            await self._emptied.wait()

    def clear(self) -> None:
        """Drop what was not sent."""
        self._frames.clear()
        self._add(-self._size)

    def _add(self, size: int) -> None:
        self._size += size
        self._backlog.size += size
