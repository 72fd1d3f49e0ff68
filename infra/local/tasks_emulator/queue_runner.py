"""Schedule and dispatch the tasks of one queue."""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from google.cloud.tasks_v2 import Attempt, Queue
from grpc import StatusCode

from infra.local.tasks_emulator.rate_limiting import (
    OverloadBackoff,
    TokenBucket,
    is_exhausted,
    retry_delay,
)

if TYPE_CHECKING:
    from infra.local.tasks_emulator.http_push import Outcome, Pusher
    from infra.local.tasks_emulator.store import Store, StoredTask

logger = logging.getLogger(__name__)

_CODES = {
    400: StatusCode.INVALID_ARGUMENT,
    401: StatusCode.UNAUTHENTICATED,
    403: StatusCode.PERMISSION_DENIED,
    404: StatusCode.NOT_FOUND,
    409: StatusCode.ABORTED,
    429: StatusCode.RESOURCE_EXHAUSTED,
    500: StatusCode.INTERNAL,
    501: StatusCode.UNIMPLEMENTED,
    503: StatusCode.UNAVAILABLE,
    504: StatusCode.DEADLINE_EXCEEDED,
}
_SERVER_ERRORS = 500


class QueueRunner:
    """A queue's schedule: an index by due time over the tasks in the store.

    Nothing polls. Every event that may allow an attempt (a new task, a finished attempt, changed
    settings) calls `dispatch_due`, which starts what may start and sets a timer for the next.
    """

    def __init__(self, queue: Queue, store: Store, pusher: Pusher) -> None:
        self._store = store
        self._pusher = pusher
        self._due: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []
        self._attempts: set[asyncio.Task[None]] = set()
        self._bucket = TokenBucket()
        self._brake = OverloadBackoff()
        self._timer: asyncio.TimerHandle | None = None
        self.configure(queue)

    def configure(self, queue: Queue) -> None:
        """Apply new settings or a new state."""
        self.queue = queue
        limits = queue.rate_limits
        self._bucket.configure(limits.max_dispatches_per_second, limits.max_burst_size)
        self._max_attempts = limits.max_concurrent_dispatches
        self._paused = queue.state == Queue.State.PAUSED
        self.dispatch_due()

    def schedule(self, task_id: int, due: datetime) -> None:
        """Schedule a task's next attempt; this replaces an earlier schedule."""
        self._due[task_id] = due.timestamp()
        heapq.heappush(self._heap, (self._due[task_id], task_id))
        self.dispatch_due()

    def forget(self, task_id: int) -> None:
        """Remove a task from the schedule."""
        self._due.pop(task_id, None)

    def clear(self) -> None:
        """Remove all waiting tasks from the schedule."""
        self._due.clear()
        self.dispatch_due()

    def run_now(self, stored: StoredTask) -> None:
        """Start an attempt regardless of the queue's state and limits and the task's schedule."""
        self.forget(stored.id)
        self._start(stored)

    async def close(self) -> None:
        """Cancel the attempts in flight; their tasks are attempted again after a restart."""
        self.clear()
        attempts = list(self._attempts)
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)

    def dispatch_due(self) -> None:
        """Start every attempt that may start now, and set a timer for the next."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while (moment := self._next_start()) is not None:
            now = time.time()
            if moment > now:
                self._timer = asyncio.get_running_loop().call_later(moment - now, self.dispatch_due)
                return
            _, task_id = heapq.heappop(self._heap)
            del self._due[task_id]
            if stored := self._store.task(task_id):
                self._bucket.take(now)
                self._start(stored)

    def _next_start(self) -> float | None:
        """Return when the first waiting task may start; None if it waits for another event."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        if not self._heap or self._paused or len(self._attempts) >= self._max_attempts:
            return None
        return max(self._heap[0][0], self._brake.until, self._bucket.ready_at(time.time()))

    def _start(self, stored: StoredTask) -> None:
        _count_dispatch(stored, datetime.now(UTC))
        self._store.save_task(stored)
        attempt = asyncio.create_task(self._attempt(stored))
        self._attempts.add(attempt)
        attempt.add_done_callback(self._ended)

    def _ended(self, attempt: asyncio.Task[None]) -> None:
        self._attempts.discard(attempt)
        self.dispatch_due()

    async def _attempt(self, stored: StoredTask) -> None:
        outcome = await self._pusher.push(self.queue, stored)
        # Read again: the task may have been deleted, or run a second time, in the meantime.
        current = self._store.task(stored.id)
        if current is None:
            return
        if outcome.succeeded:
            self._brake.reset()
            self._end(current)
        else:
            self._fail(current, outcome)

    def _end(self, stored: StoredTask) -> None:
        self.forget(stored.id)
        self._store.end_task(stored.id)

    def _fail(self, stored: StoredTask, outcome: Outcome) -> None:
        now = time.time()
        if outcome.overloaded:
            self._brake.record_overload(now)
        task = stored.task
        retry = task.retry_config if "retry_config" in task else self.queue.retry_config
        if is_exhausted(retry, task, now):
            logger.warning("gave up %s after HTTP %d", task.name, outcome.status)
            self._end(stored)
            return
        delay = max(retry_delay(retry, task.dispatch_count), outcome.retry_after_seconds)
        _count_failure(stored, outcome, delay)
        self._store.save_task(stored)
        self.schedule(stored.id, task.schedule_time)


def _count_dispatch(stored: StoredTask, now: datetime) -> None:
    task = stored.task
    task.dispatch_count += 1
    task.last_attempt = Attempt(schedule_time=task.schedule_time, dispatch_time=now)
    if task.dispatch_count == 1:
        task.first_attempt = Attempt(dispatch_time=now)


def _count_failure(stored: StoredTask, outcome: Outcome, delay: float) -> None:
    now = datetime.now(UTC)
    task = stored.task
    task.response_count += outcome.answered
    task.last_attempt.response_time = now
    task.last_attempt.response_status = {
        "code": _CODES.get(outcome.status, StatusCode.UNKNOWN).value[0],
        "message": f"HTTP status {outcome.status}",
    }
    task.schedule_time = now + timedelta(seconds=delay)
    stored.previous_status = outcome.status
    stored.executions += outcome.status < _SERVER_ERRORS
