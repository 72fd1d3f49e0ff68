"""What a client is still to be told, up to a limit."""

import asyncio
from collections import deque

from functions.realtime.limits import Limits


class Outbox:
    """A queue of frames that never makes the one who puts wait."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._frames: deque[str] = deque()
        self._size = 0
        self._put = asyncio.Event()
        self._emptied = asyncio.Event()

    def put(self, frame: str) -> bool:
        """Whether there was room."""
        if (
            len(self._frames) >= self._limits.queued_frames
            or self._size > self._limits.queued_bytes
        ):
            return False
        self._frames.append(frame)
        self._size += len(frame)
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
        self._size -= len(self._frames.popleft())
        if not self._frames:
            self._emptied.set()

    async def emptied(self) -> None:
        """Wait until everything was sent."""
        while self._frames:
            self._emptied.clear()
            await self._emptied.wait()
