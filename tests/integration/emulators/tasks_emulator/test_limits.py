"""Rate and concurrency limits of queues, pausing, and RunTask despite both."""

import threading
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

from tests.integration.emulators.tasks_emulator.emulator import dispatches, gone, make_queue, until
from tests.integration.emulators.tasks_emulator.target import Reply, Target


@pytest.mark.emulates("Cloud Tasks", "rate limits: concurrent pushes, pushes a second, burst")
def test_pushes_at_once_stay_within_the_queues_limit(client: CloudTasksClient, path: str) -> None:
    target, gate = Target(), threading.Event()
    queue = make_queue(client, rate_limits=RateLimits(max_concurrent_dispatches=2))
    target.will(path, *[Reply(gate=gate)] * 6)
    for _ in range(6):
        client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
    target.wait_for(path, 2)
    assert dispatches(client, queue) == 2
    gate.set()
    target.wait_for(path, 6)
    assert target.max_at_once == 2
    target.close()


@pytest.mark.emulates("Cloud Tasks", "rate limits: concurrent pushes, pushes a second, burst")
def test_pushes_are_spread_out_when_the_rate_is_limited(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    rate, burst, gate = 20, 4, threading.Event()
    queue = make_queue(client, rate_limits=RateLimits(max_dispatches_per_second=rate))
    assert client.get_queue(name=queue).rate_limits.max_burst_size == burst
    target.will(path, *[Reply(gate=gate)] * 12)
    client.pause_queue(name=queue)
    for _ in range(12):
        client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
    resumed_at = time.time()
    client.resume_queue(name=queue)
    assert dispatches(client, queue) >= burst, "these go at once"
    target.wait_for(path, 12)
    attempts = [task.first_attempt for task in client.list_tasks(parent=queue)]
    gate.set()
    dispatched_at = sorted(attempt.dispatch_time.timestamp() for attempt in attempts)
    for number, moment in enumerate(dispatched_at[burst:], start=1):
        assert moment - resumed_at >= number / rate - 0.001


@pytest.mark.emulates("Cloud Tasks", "pause and resume")
def test_tasks_wait_while_the_queue_is_paused(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client)
    assert client.pause_queue(name=queue).state == Queue.State.PAUSED
    client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
    assert dispatches(client, queue) == 0
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
