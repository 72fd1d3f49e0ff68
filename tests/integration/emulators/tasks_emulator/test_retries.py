"""Retries of tasks: backoff, limits and deadlines."""

import itertools
import threading
import time
from datetime import timedelta

import grpc
import pytest
from google.cloud.tasks_v2 import (
    CloudTasksClient,
    HttpRequest,
    Queue,
    RateLimits,
    RetryConfig,
    Task,
)

from tests.integration.emulators.tasks_emulator.emulator import (
    QUICK_RETRY,
    gone,
    make_queue,
    pass_two_tasks,
    until,
)
from tests.integration.emulators.tasks_emulator.target import Push, Reply, Target

_RETRY_COUNT = "x-cloudtasks-taskretrycount"

pytestmark = pytest.mark.emulates(
    "Cloud Tasks", "retries: backoff, doublings, deadlines, Retry-After, attempts and duration"
)


def test_retry_waits_longer_each_time_when_the_target_fails(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    target.will(path, Reply(404), Reply(500), Reply(302))
    client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
    pushes = target.wait_for(path, 4)
    gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(pushes)]
    for gap, expected in zip(gaps, [0.1, 0.2, 0.4], strict=True):
        assert gap >= expected
    attempts = [
        tuple(
            push.headers.get(f"x-cloudtasks-task{name}")
            for name in ("retrycount", "executioncount", "previousresponse", "retryreason")
        )
        for push in pushes
    ]
    assert attempts == [
        ("0", "0", None, None),
        ("1", "1", "404", ""),
        ("2", "1", "500", ""),
        ("3", "2", "302", ""),
    ]


def test_backoff_grows_by_the_last_step_when_its_doublings_are_used_up(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    retry = RetryConfig(
        min_backoff=timedelta(seconds=500), max_backoff=timedelta(seconds=2200), max_doublings=1
    )
    queue = make_queue(client, retry_config=retry)
    target.will(path, *[Reply(500)] * 5)
    task = Task(http_request=HttpRequest(url=target.url(path)))
    name = client.create_task(parent=queue, task=task).name
    delays = [_delay(client, name, responses=1)]
    for responses in range(2, 6):
        client.run_task(name=name)
        delays.append(_delay(client, name, responses=responses))
    assert delays == [500, 1000, 2000, 2200, 2200]


def test_task_is_retried_when_the_target_cannot_be_reached(client: CloudTasksClient) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    refused = HttpRequest(url="http://127.0.0.1:1/")
    name = client.create_task(parent=queue, task=Task(http_request=refused)).name

    def has_failed_twice() -> bool:
        task = client.get_task(name=name)
        assert task.response_count == 0
        code = task.last_attempt.response_status.code  # 0 while an attempt is in progress
        assert code in {0, grpc.StatusCode.UNAVAILABLE.value[0]}
        return task.dispatch_count >= 2 and code != 0

    until(has_failed_twice)


def test_task_is_retried_when_its_deadline_passes(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    gate = threading.Event()
    target.will(path, Reply(gate=gate))
    request = HttpRequest(url=target.url(path))
    created_at = time.time()
    client.create_task(
        parent=queue, task=Task(http_request=request, dispatch_deadline=timedelta(seconds=0.5))
    )

    def retries() -> list[Push]:
        return [one for one in target.got(path) if one.headers[_RETRY_COUNT] != "0"]

    until(lambda: bool(retries()))
    gate.set()
    retry = retries()[0]
    # The deadline and the backoff of 0.1 s; a timer of the event loop may be a millisecond early.
    assert retry.at - created_at >= 0.599
    assert retry.headers["x-cloudtasks-taskpreviousresponse"] == "504"
    assert retry.headers["x-cloudtasks-taskexecutioncount"] == "0"


def test_retry_waits_as_long_as_the_target_asks_when_it_sends_retry_after(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    target.will(path, Reply(503, {"Retry-After": "1"}), Reply(503, {"Retry-After": "1000"}))
    task = Task(http_request=HttpRequest(url=target.url(path)))
    name = client.create_task(parent=queue, task=task).name
    first, second = target.wait_for(path, 2)
    assert second.at - first.at >= 1
    assert _delay(client, name, responses=2) == 1000


def test_other_tasks_wait_a_moment_when_one_is_answered_503(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    target.will(path, Reply(503, {"Retry-After": "3600"}))
    name = client.create_task(
        parent=queue, task=Task(http_request=HttpRequest(url=target.url(path)))
    ).name
    until(lambda: client.get_task(name=name).response_count == 1)
    other = f"{path}/other"
    client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(other))))
    [refused], [served] = target.wait_for(path), target.wait_for(other)
    assert served.at - refused.at >= 0.1


def test_task_is_deleted_when_its_attempts_are_used_up(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    retry = RetryConfig(max_attempts=2, min_backoff=timedelta(), max_backoff=timedelta())
    limits = RateLimits(max_concurrent_dispatches=1)
    queue = make_queue(client, retry_config=retry, rate_limits=limits)
    target.will(path, *[Reply(500)] * 9)
    name = client.create_task(
        parent=queue, task=Task(http_request=HttpRequest(url=target.url(path)))
    ).name
    until(lambda: gone(client, name))
    pass_two_tasks(client, target, queue, path)
    assert len(target.got(path)) == 2


def test_task_is_retried_past_its_attempts_while_its_retry_duration_lasts(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    hundredth = timedelta(seconds=0.01)
    retry = RetryConfig(
        max_attempts=2,
        max_retry_duration=timedelta(hours=1),
        min_backoff=hundredth,
        max_backoff=hundredth,
    )
    queue = make_queue(client, retry_config=retry)
    target.will(path, *[Reply(500)] * 100_000)
    name = client.create_task(
        parent=queue, task=Task(http_request=HttpRequest(url=target.url(path)))
    ).name
    target.wait_for(path, 5)
    assert not gone(client, name)
    retry.max_retry_duration = timedelta(seconds=0.001)
    client.update_queue(queue=Queue(name=queue, retry_config=retry))
    until(lambda: gone(client, name))


def test_task_is_retried_by_its_own_settings_when_it_has_some(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    target.will(path, Reply(500))
    name = client.create_task(
        parent=queue,
        task=Task(
            http_request=HttpRequest(url=target.url(path)), retry_config=RetryConfig(max_attempts=1)
        ),
    ).name
    until(lambda: gone(client, name))
    assert len(target.got(path)) == 1


def _delay(client: CloudTasksClient, name: str, *, responses: int) -> float:
    """The seconds from a task's last response, after this many, to its next attempt."""
    until(lambda: client.get_task(name=name).response_count == responses)
    task = client.get_task(name=name)
    seconds: float = (task.schedule_time - task.last_attempt.response_time).total_seconds()
    return seconds
