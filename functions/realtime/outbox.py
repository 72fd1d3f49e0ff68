"""Bounded queue of the frames that a client has not received yet."""

import asyncio
from collections import deque
from dataclasses import dataclass

from functions.realtime.limits import Limits


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
