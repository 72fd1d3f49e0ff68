"""Queue RPCs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from google.cloud.tasks_v2 import ListQueuesResponse, Queue, UpdateQueueRequest

from infra.local.tasks_emulator.errors import (
    ENTITY_MISSING,
    QUEUE_DELETED,
    already_exists,
    failed_precondition,
    invalid,
    not_found,
)
from infra.local.tasks_emulator.queue_validation import PAUSED, RUNNING, updated_queue
from infra.local.tasks_emulator.resource_names import (
    LARGEST_QUEUE_PAGE,
    check_location,
    check_queue_name,
    page_size,
)

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import (
        CreateQueueRequest,
        DeleteQueueRequest,
        GetQueueRequest,
        ListQueuesRequest,
        PauseQueueRequest,
        PurgeQueueRequest,
        ResumeQueueRequest,
    )

    from infra.local.tasks_emulator.dispatcher import Dispatcher
    from infra.local.tasks_emulator.store import Store
    from infra.local.tasks_emulator.task_validation import Policy


class QueueCalls:
    """Each method handles the RPC of its name."""

    def __init__(self, store: Store, dispatcher: Dispatcher, policy: Policy) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._policy = policy

    def create_queue(self, request: CreateQueueRequest) -> Queue:
        """Create a running queue."""
        check_location(request.parent)
        check_queue_name(request.queue.name)
        if not request.queue.name.startswith(f"{request.parent}/queues/"):
            raise invalid("The queue's name must begin with the request's parent.")
        if self._dispatcher.has(request.queue.name):
            raise already_exists("Queue already exists")
        return self._put_settings(
            Queue(name=request.queue.name), UpdateQueueRequest(queue=request.queue)
        )

    def get_queue(self, request: GetQueueRequest) -> Queue:
        """Return a queue with its settings and state."""
        return self._dispatcher.lane(request.name).queue

    def list_queues(self, request: ListQueuesRequest) -> ListQueuesResponse:
        """Return a page of a location's queues, ordered by name."""
        check_location(request.parent)
        if request.filter:
            raise invalid("ListQueuesRequest.filter is not emulated.")
        size = page_size(request.page_size, largest=LARGEST_QUEUE_PAGE)
        queues = self._store.queues(f"{request.parent}/queues/", request.page_token, size + 1)
        page = queues[:size]
        token = page[-1].name if len(queues) > size else ""
        return ListQueuesResponse(queues=page, next_page_token=token)

    def update_queue(self, request: UpdateQueueRequest) -> Queue:
        """Change a queue, or create it if it does not exist."""
        check_queue_name(request.queue.name)
        current = Queue(name=request.queue.name)
        if self._dispatcher.has(request.queue.name):
            current = self._dispatcher.lane(request.queue.name).queue
        return self._put_settings(current, request)

    def delete_queue(self, request: DeleteQueueRequest) -> None:
        """Delete a queue with its tasks."""
        check_queue_name(request.name)
        if not self._dispatcher.has(request.name):
            raise not_found(ENTITY_MISSING)
        self._dispatcher.delete(request.name)

    def purge_queue(self, request: PurgeQueueRequest) -> Queue:
        """Delete a queue's tasks."""
        lane = self._dispatcher.lane(request.name)
        self._store.clear_queue(request.name)
        lane.clear()
        lane.queue.purge_time = datetime.now(UTC)
        return self._dispatcher.put(lane.queue)

    def pause_queue(self, request: PauseQueueRequest) -> Queue:
        """Stop starting attempts; those in flight finish."""
        return self._put_state(request.name, PAUSED)

    def resume_queue(self, request: ResumeQueueRequest) -> Queue:
        """Resume starting attempts."""
        return self._put_state(request.name, RUNNING)

    def _put_settings(self, current: Queue, request: UpdateQueueRequest) -> Queue:
        if self._store.is_tombstoned(current.name):
            raise failed_precondition(QUEUE_DELETED)
        updated = updated_queue(current, request)
        if "http_target" in updated:
            self._policy.check_authorization(updated.http_target)
        return self._dispatcher.put(updated)

    def _put_state(self, name: str, state: Queue.State) -> Queue:
        queue = self._dispatcher.lane(name).queue
        queue.state = state
        return self._dispatcher.put(queue)
