"""Who may come in, and whose turn it is."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Literal, Self
from uuid import UUID

Refusal = Literal["draining", "already_here", "busy"]


class QueueClosedError(Exception):
    """The line was closed before this one's turn came."""


class Slot:
    """The right to use a slot. It ends once: when given back, or with its block."""

    def __init__(self, line: "SlotQueue") -> None:
        self._line: SlotQueue | None = line

    def release(self) -> None:
        """Let the next in line begin."""
        if self._line is not None:
            self._line.free()
            self._line = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class SlotQueue:
    """The jobs held here: at most ``slots`` at work and a few that wait, first come, first served.

    How many are sent is the functions' business; refusing is for a window that was set too wide.
    It begins with its slots shut, so that jobs can wait while the model is loaded.
    """

    def __init__(self, *, slots: int, prefetch_jobs: int) -> None:
        self._slots = slots
        # The functions fill a slot as soon as its job has ended for them: before the worker has
        # read the answer to its callback, or has heard that the job was cancelled.
        self._room = slots + max(prefetch_jobs, 1) + slots
        self._free = 0
        self._working = 0
        self._held: set[UUID] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._empty = asyncio.Event()
        self._empty.set()
        self._opened = False
        self._closed = False

    @property
    def opened(self) -> bool:
        """Whether turns have begun."""
        return self._opened

    @property
    def held(self) -> int:
        """Jobs that were let in and have not left."""
        return len(self._held)

    @property
    def waiting(self) -> int:
        """Jobs whose turn has not come."""
        return len(self._waiting)

    @property
    def working(self) -> int:
        """Jobs that have their turn and have not given it back."""
        return self._working

    def enter(self, job_id: UUID) -> Refusal | None:
        """Let a job in, or say why not. One that was let in must `leave`."""
        if self._closed:
            return "draining"
        if job_id in self._held:
            return "already_here"
        if len(self._held) >= self._room:
            return "busy"
        self._held.add(job_id)
        self._empty.clear()
        return None

    def leave(self, job_id: UUID) -> None:
        """The job has been answered."""
        self._held.discard(job_id)
        if not self._held:
            self._empty.set()

    def open(self) -> None:
        """Let the turns begin."""
        self._opened = True
        for _ in range(self._slots):
            self.next()

    def close(self) -> None:
        """Let nobody in any more, and send those away who still wait."""
        self._closed = True
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_exception(QueueClosedError)

    async def turn(self) -> Slot:
        """Wait for a slot.

        Raises:
            ClosedError: the line was closed.
        """
        if self._closed:
            raise QueueClosedError
        if self._free:
            self._free -= 1
        else:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting
        self._working += 1
        return Slot(self)

    def free(self) -> None:
        """A turn was given back."""
        self._working -= 1
        self.next()

    def next(self) -> None:
        """Pass a slot that has become free to whoever waits longest."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return
        self._free += 1

    async def wait_empty(self, within: float) -> bool:
        """Whether the last job leaves within that many seconds."""
        try:
            await asyncio.wait_for(self._empty.wait(), within)
        except TimeoutError:
            return False
        return True
