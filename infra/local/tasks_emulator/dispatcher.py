"""Run all queues over one store and one HTTP client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from infra.local.tasks_emulator.errors import QUEUE_MISSING, not_found
from infra.local.tasks_emulator.queue_runner import QueueRunner
from infra.local.tasks_emulator.resource_names import check_queue_name

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import Queue

    from infra.local.tasks_emulator.http_push import Pusher
    from infra.local.tasks_emulator.store import Store


class Dispatcher:
    """The queue runners by queue name; the same queues as in the store."""

    def __init__(self, store: Store, pusher: Pusher) -> None:
        self._store = store
        self._pusher = pusher
        self._lanes: dict[str, QueueRunner] = {}

    def start(self) -> None:
        """Load the queues and tasks of the store; attempts that were in flight are due at once."""
        for queue in self._store.queues():
            lane = self._open(queue)
            for stored in self._store.tasks(queue.name):
                lane.schedule(stored.id, stored.task.schedule_time)

    async def close(self) -> None:
        """Cancel every attempt; the tasks stay in the store."""
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))

    def has(self, name: str) -> bool:
        """Return whether there is a queue of this name."""
        return name in self._lanes

    def lane(self, name: str) -> QueueRunner:
        """Return the runner of a queue.

        Raises:
            RefusalError: the name is invalid, or there is no such queue.
        """
        check_queue_name(name)
        if name not in self._lanes:
            raise not_found(QUEUE_MISSING)
        return self._lanes[name]

    def put(self, queue: Queue) -> Queue:
        """Create a queue, or change its settings and state."""
        self._store.put_queue(queue)
        if self.has(queue.name):
            self._lanes[queue.name].configure(queue)
        else:
            self._open(queue)
        return queue

    def delete(self, name: str) -> None:
        """Delete a queue with its tasks; attempts in flight finish without an effect."""
        self.lane(name).clear()
        self._store.delete_queue(name)
        del self._lanes[name]

    def _open(self, queue: Queue) -> QueueRunner:
        lane = self._lanes[queue.name] = QueueRunner(queue, self._store, self._pusher)
        return lane
