"""A queue's pace, its pauses, and tasks that are run past both."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from google.api_core import exceptions
from google.cloud.tasks_v2 import (
    CloudTasksClient,
    HttpRequest,
    Queue,
    RateLimits,
    Task,
)

from tests.integration.tasks_emulator.emulator import (
    gone,
    make_queue,
    until,
)
from tests.integration.tasks_emulator.target import Reply, Target


@pytest.mark.emulates("Cloud Tasks", "rate limits: concurrent pushes, pushes a second, burst")
def test_pushes_at_once_stay_within_the_queues_limit(client: CloudTasksClient, path: str) -> None:
    target = Target()
    queue = make_queue(client, rate_limits=RateLimits(max_concurrent_dispatches=2))
    target.will(path, *[Reply(seconds=0.1)] * 6)
    for _ in range(6):
        client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
    target.wait_for(path, 6)
    assert target.most_at_once == 2
    target.close()


@pytest.mark.emulates("Cloud Tasks", "rate limits: concurrent pushes, pushes a second, burst")
def test_pushes_are_spread_out_when_the_rate_is_limited(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client, rate_limits=RateLimits(max_dispatches_per_second=20))
    assert client.get_queue(name=queue).rate_limits.max_burst_size == 4
    client.pause_queue(name=queue)
    for _ in range(12):
        client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
    client.resume_queue(name=queue)
    pushes = target.wait_for(path, 12)
    assert pushes[3].at - pushes[0].at < 0.14
    assert 0.38 <= pushes[-1].at - pushes[0].at < 0.8


@pytest.mark.emulates("Cloud Tasks", "pause and resume")
def test_tasks_wait_while_the_queue_is_paused(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client)
    assert client.pause_queue(name=queue).state == Queue.State.PAUSED
    client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
    time.sleep(0.2)
    assert not target.got(path)
    assert client.resume_queue(name=queue).state == Queue.State.RUNNING
    target.wait_for(path)


@pytest.mark.emulates("Cloud Tasks", "run_task")
def test_task_is_pushed_when_run_though_the_queue_is_paused(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client)
    client.pause_queue(name=queue)
    later = datetime.now(UTC) + timedelta(hours=1)
    task = Task(http_request=HttpRequest(url=target.url(path)), schedule_time=later)
    name = client.create_task(parent=queue, task=task).name
    assert client.run_task(name=name).dispatch_count == 1
    target.wait_for(path)
    until(lambda: gone(client, name))
    with pytest.raises(exceptions.NotFound):
        client.run_task(name=name)
