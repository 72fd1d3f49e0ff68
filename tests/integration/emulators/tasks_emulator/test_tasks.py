"""Tasks: names, views, lists and deletion."""

import contextlib
import itertools
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud.tasks_v2 import (
    CloudTasksClient,
    GetTaskRequest,
    HttpRequest,
    Queue,
    RateLimits,
    Task,
)

from tests.integration.emulators.tasks_emulator.emulator import (
    IMMEDIATE_RETRY,
    LOCATION,
    count,
    gone,
    make_queue,
    pass_two_tasks,
    running,
    until,
)
from tests.integration.emulators.tasks_emulator.target import Reply, Target


@pytest.mark.emulates("Cloud Tasks", "names of tasks, not to be used again for a while")
def test_name_is_refused_while_its_task_lives_and_a_while_after(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client)
    task = Task(name=f"{queue}/tasks/only-once", http_request=HttpRequest(url=target.url(path)))
    client.pause_queue(name=queue)
    client.create_task(parent=queue, task=task)
    with pytest.raises(exceptions.AlreadyExists, match="already exists"):
        client.create_task(parent=queue, task=task)
    client.resume_queue(name=queue)
    until(lambda: gone(client, task.name))
    with pytest.raises(exceptions.AlreadyExists, match="existed too recently"):
        client.create_task(parent=queue, task=task)
    with pytest.raises(exceptions.NotFound, match="existed recently"):
        client.get_task(name=task.name)


@pytest.mark.emulates("Cloud Tasks", "names of tasks, not to be used again for a while")
def test_name_is_free_again_after_the_while(tmp_path: Path, target: Target, path: str) -> None:
    with running(tmp_path, "--tombstone-seconds", "0.1") as emulator:
        client = emulator.client
        queue = make_queue(client)
        task = Task(name=f"{queue}/tasks/again", http_request=HttpRequest(url=target.url(path)))

        def is_created() -> bool:
            try:
                client.create_task(parent=queue, task=task)
            except exceptions.AlreadyExists:
                return False
            return True

        assert is_created()
        until(is_created)
        target.wait_for(path, 2)


@pytest.mark.emulates("Cloud Tasks", "delete tasks and queues, purge")
@pytest.mark.parametrize("how", ["purge", "delete task", "delete queue"])
def test_task_is_never_pushed_when_it_was_deleted_first(
    client: CloudTasksClient, target: Target, path: str, how: str
) -> None:
    for attempt in itertools.count():
        due = datetime.now(UTC) + timedelta(seconds=0.2 * 2**attempt)
        url = target.url(f"{path}/{attempt}")
        _delete_scheduled(client, how, Task(http_request=HttpRequest(url=url), schedule_time=due))
        if datetime.now(UTC) < due:
            break
        # It was due before it was deleted; the next task is due later.
    later = Task(
        http_request=HttpRequest(url=target.url(f"{path}/later")),
        schedule_time=due + timedelta(seconds=0.1),
    )
    client.create_task(parent=make_queue(client), task=later)
    target.wait_for(f"{path}/later")
    assert not target.got(f"{path}/{attempt}")


def _delete_scheduled(client: CloudTasksClient, how: str, task: Task) -> None:
    """Create a task in a new queue and delete it at once."""
    queue = make_queue(client)
    name = client.create_task(parent=queue, task=task).name
    if how == "purge":
        assert client.purge_queue(name=queue).purge_time
        assert count(client, queue) == 0
    elif how == "delete task":
        with contextlib.suppress(exceptions.NotFound):  # it has been pushed already
            client.delete_task(name=name)
    else:
        client.delete_queue(name=queue)
        with pytest.raises(exceptions.FailedPrecondition, match="existed too recently"):
            client.create_queue(parent=LOCATION, queue=Queue(name=queue))
    assert gone(client, name)


@pytest.mark.emulates("Cloud Tasks", "delete tasks and queues, purge")
def test_task_is_not_retried_when_it_was_deleted_in_flight(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    limits, gate = RateLimits(max_concurrent_dispatches=1), threading.Event()
    queue = make_queue(client, retry_config=IMMEDIATE_RETRY, rate_limits=limits)
    target.will(path, Reply(500, gate=gate))
    name = client.create_task(
        parent=queue, task=Task(http_request=HttpRequest(url=target.url(path)))
    ).name
    target.wait_for(path)
    client.delete_task(name=name)
    gate.set()
    pass_two_tasks(client, target, queue, path)
    assert len(target.got(path)) == 1


@pytest.mark.emulates("Cloud Tasks", "get tasks, in the basic and the full view")
def test_body_is_shown_in_the_full_view_alone(client: CloudTasksClient) -> None:
    queue = make_queue(client)
    client.pause_queue(name=queue)
    request = HttpRequest(url="http://127.0.0.1:1/", body=b"secret")
    created = client.create_task(parent=queue, task=Task(http_request=request))
    assert created.http_request.body == b""
    assert created.dispatch_deadline == timedelta(minutes=10)
    full = GetTaskRequest(name=created.name, response_view=Task.View.FULL)
    assert client.get_task(name=created.name).http_request.body == b""
    assert client.get_task(full).http_request.body == b"secret"


@pytest.mark.emulates("Cloud Tasks", "list tasks and queues, in pages")
def test_pages_hold_everything_once_when_small(client: CloudTasksClient) -> None:
    queues = {make_queue(client) for _ in range(3)}
    listed = [q.name for q in client.list_queues(request={"parent": LOCATION, "page_size": 2})]
    assert len(listed) == len(set(listed))
    assert queues <= set(listed)
    queue = queues.pop()
    client.pause_queue(name=queue)
    request = HttpRequest(url="http://127.0.0.1:1/")
    made = [
        client.create_task(parent=queue, task=Task(http_request=request)).name for _ in range(5)
    ]
    pages = client.list_tasks(request={"parent": queue, "page_size": 2}).pages
    assert [[task.name for task in page.tasks] for page in pages] == [made[:2], made[2:4], made[4:]]
