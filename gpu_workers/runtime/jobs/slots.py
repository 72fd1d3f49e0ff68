"""Job slots and a bounded wait queue."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Literal, Self
from uuid import UUID

Refusal = Literal["draining", "already_here", "busy"]


class QueueClosedError(Exception):
    """The queue was closed before a slot became free."""


class Slot:
    """The right to run one job; released once, by `release` or at the end of a ``with`` block."""

    def __init__(self, queue: "SlotQueue") -> None:
        self._queue: SlotQueue | None = queue

    def release(self) -> None:
        """Free the slot for the next waiting job."""
        if self._queue is not None:
            self._queue.free()
            self._queue = None

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
    """The worker's jobs: at most ``slots`` run, a few wait, first come, first served.

    The functions decide how many jobs are sent; the queue refuses jobs only if that number is too
    high. No job runs before `open`, so that jobs can wait while the model is loaded.

    Args:
        slots: jobs that run at the same time.
        prefetch_jobs: jobs that may wait; at least one may.
    """

    def __init__(self, *, slots: int, prefetch_jobs: int) -> None:
        self._slots = slots
        # The functions fill a slot as soon as its job has ended for them: before the worker has
        # read the response to its callback, or has been notified that the job was cancelled.
        self._capacity = slots + max(prefetch_jobs, 1) + slots
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
        """Whether jobs may run."""
        return self._opened

    @property
    def held(self) -> int:
        """The number of jobs that entered and have not left."""
        return len(self._held)

    @property
    def waiting(self) -> int:
        """The number of jobs that wait for a slot."""
        return len(self._waiting)

    @property
    def working(self) -> int:
        """The number of jobs that hold a slot."""
        return self._working

    def enter(self, job_id: UUID) -> Refusal | None:
        """Add a job; return None, or the reason for a refusal. An added job must `leave`."""
        if self._closed:
            return "draining"
        if job_id in self._held:
            return "already_here"
        if len(self._held) >= self._capacity:
            return "busy"
        self._held.add(job_id)
        self._empty.clear()
        return None

    def leave(self, job_id: UUID) -> None:
        """Remove a job whose task has been answered."""
        self._held.discard(job_id)
        if not self._held:
            self._empty.set()

    def open(self) -> None:
        """Let the waiting jobs run."""
        self._opened = True
        for _ in range(self._slots):
            self.next()

    def close(self) -> None:
        """Refuse new jobs and raise `QueueClosedError` in those that wait."""
        self._closed = True
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_exception(QueueClosedError)

    async def acquire(self) -> Slot:
        """Wait for a slot.

        Raises:
            QueueClosedError: the queue was closed.
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
        """Note that a slot was released and pass it on."""
        self._working -= 1
        self.next()

    def next(self) -> None:
        """Pass a free slot to the job that has waited longest."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return
        self._free += 1

    async def wait_empty(self, timeout_seconds: float) -> bool:
        """Wait for the last job to leave; return False after ``timeout_seconds``."""
        try:
            await asyncio.wait_for(self._empty.wait(), timeout_seconds)
        except TimeoutError:
            return False
        return True
