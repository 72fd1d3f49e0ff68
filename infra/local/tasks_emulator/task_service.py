"""Task RPCs."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from google.cloud.tasks_v2 import ListTasksResponse, Task

from infra.local.tasks_emulator.errors import (
    ENTITY_MISSING,
    TASK_ENDED,
    TASK_ENDED_LATELY,
    already_exists,
    invalid,
    not_found,
)
from infra.local.tasks_emulator.resource_names import (
    LARGEST_TASK_PAGE,
    page_size,
    queue_of,
    task_page_start,
)
from infra.local.tasks_emulator.task_validation import complete_task

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import (
        CreateTaskRequest,
        DeleteTaskRequest,
        GetTaskRequest,
        ListTasksRequest,
        RunTaskRequest,
    )

    from infra.local.tasks_emulator.dispatcher import Dispatcher
    from infra.local.tasks_emulator.store import Store, StoredTask
    from infra.local.tasks_emulator.task_validation import Policy


class TaskCalls:
    """Each method handles the RPC of its name."""

    def __init__(self, store: Store, dispatcher: Dispatcher, policy: Policy) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._policy = policy

    def create_task(self, request: CreateTaskRequest) -> Task:
        """Store and schedule a task."""
        lane = self._dispatcher.lane(request.parent)
        task = request.task
        self._check_name(request.parent, task.name)
        task.name = task.name or f"{request.parent}/tasks/{uuid.uuid4().int % 10**20}"
        complete_task(task, self._policy, now=datetime.now(UTC))
        task_id = self._store.insert_task(request.parent, task)
        lane.schedule(task_id, task.schedule_time)
        return _shown(task, request.response_view)

    def get_task(self, request: GetTaskRequest) -> Task:
        """Return a task that has not ended."""
        return _shown(self._existing(request.name).task, request.response_view)

    def list_tasks(self, request: ListTasksRequest) -> ListTasksResponse:
        """Return a page of a queue's tasks, oldest first."""
        self._dispatcher.lane(request.parent)
        size = page_size(request.page_size, largest=LARGEST_TASK_PAGE)
        after = task_page_start(request.page_token)
        tasks = self._store.tasks(request.parent, after, size + 1)
        page = tasks[:size]
        return ListTasksResponse(
            tasks=[_shown(stored.task, request.response_view) for stored in page],
            next_page_token=str(page[-1].id) if len(tasks) > size else "",
        )

    def delete_task(self, request: DeleteTaskRequest) -> None:
        """Delete a task; an attempt in flight finishes without an effect."""
        stored = self._existing(request.name)
        self._dispatcher.lane(queue_of(request.name)).forget(stored.id)
        self._store.end_task(stored.id)

    def run_task(self, request: RunTaskRequest) -> Task:
        """Attempt a task now, regardless of its schedule and the queue's limits and state."""
        stored = self._existing(request.name)
        self._dispatcher.lane(queue_of(request.name)).run_now(stored)
        return _shown(stored.task, request.response_view)

    def _check_name(self, parent: str, name: str) -> None:
        if not name:
            return
        if (queue := queue_of(name)) != parent:
            raise invalid(
                f"The queue name from request ('{parent}') must be the same as "
                f"the queue name in the named task ('{queue}')."
            )
        if self._store.task_named(name):
            raise already_exists("Requested entity already exists")
        if self._store.is_tombstoned(name):
            raise already_exists(TASK_ENDED_LATELY)

    def _existing(self, name: str) -> StoredTask:
        queue_of(name)
        if stored := self._store.task_named(name):
            return stored
        has_ended = self._store.is_tombstoned(name)
        raise not_found(TASK_ENDED if has_ended else ENTITY_MISSING)


def _shown(task: Task, view: Task.View) -> Task:
    """Return a task in a view: only the full view has the body."""
    task.view = Task.View(view or Task.View.BASIC)
    if task.view == Task.View.BASIC:
        task.http_request.body = b""
    return task
