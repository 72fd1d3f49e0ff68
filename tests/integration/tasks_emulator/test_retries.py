"""When a task is tried again, and when no more."""

import itertools
import time
from datetime import timedelta

import grpc
import pytest
from google.cloud.tasks_v2 import (
    CloudTasksClient,
    HttpRequest,
    RetryConfig,
    Task,
)

from tests.integration.tasks_emulator.emulator import (
    QUICK_RETRY,
    gone,
    make_queue,
    until,
)
from tests.integration.tasks_emulator.target import Reply, Target

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
        assert expected <= gap < expected + 0.3
    told = [
        tuple(
            push.headers.get(f"x-cloudtasks-task{name}")
            for name in ("retrycount", "executioncount", "previousresponse", "retryreason")
        )
        for push in pushes
    ]
    assert told == [
        ("0", "0", None, None),
        ("1", "1", "404", ""),
        ("2", "1", "500", ""),
        ("3", "2", "302", ""),
    ]


def test_backoff_grows_by_the_last_step_when_its_doublings_are_used_up(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    retry = RetryConfig(
        min_backoff=timedelta(seconds=0.05), max_backoff=timedelta(seconds=0.22), max_doublings=1
    )
    queue = make_queue(client, retry_config=retry)
    target.will(path, *[Reply(500)] * 5)
    client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
    pushes = target.wait_for(path, 6)
    gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(pushes)]
    for gap, expected in zip(gaps, [0.05, 0.1, 0.2, 0.22, 0.22], strict=True):
        assert expected <= gap < expected + 0.3


def test_task_is_retried_when_the_target_cannot_be_reached(client: CloudTasksClient) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    refused = HttpRequest(url="http://127.0.0.1:1/")
    name = client.create_task(parent=queue, task=Task(http_request=refused)).name
    until(lambda: client.get_task(name=name).dispatch_count >= 2)
    task = client.get_task(name=name)
    assert task.response_count == 0
    assert task.last_attempt.response_status.code == grpc.StatusCode.UNAVAILABLE.value[0]


def test_task_is_retried_when_its_deadline_passes(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    target.will(path, Reply(seconds=1))
    request = HttpRequest(url=target.url(path))
    client.create_task(
        parent=queue, task=Task(http_request=request, dispatch_deadline=timedelta(seconds=0.5))
    )
    first, second = target.wait_for(path, 2)
    assert 0.6 <= second.at - first.at < 0.9
    assert second.headers["x-cloudtasks-taskpreviousresponse"] == "504"
    assert second.headers["x-cloudtasks-taskexecutioncount"] == "0"


def test_retry_waits_as_long_as_the_target_asks_when_it_sends_retry_after(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    target.will(path, Reply(503, {"Retry-After": "1"}))
    client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
    first, second = target.wait_for(path, 2)
    assert 1 <= second.at - first.at < 1.5


def test_other_tasks_wait_a_moment_when_one_is_answered_503(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    target.will(path, Reply(503, {"Retry-After": "60"}))
    name = client.create_task(
        parent=queue, task=Task(http_request=HttpRequest(url=target.url(path)))
    ).name
    until(lambda: client.get_task(name=name).response_count == 1)
    other = f"{path}/other"
    client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(other))))
    [refused], [served] = target.wait_for(path), target.wait_for(other)
    assert 0.1 <= served.at - refused.at < 0.8


def test_task_is_deleted_when_its_attempts_are_used_up(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    retry = RetryConfig(max_attempts=2, min_backoff=timedelta(seconds=0.05))
    queue = make_queue(client, retry_config=retry)
    target.will(path, *[Reply(500)] * 9)
    name = client.create_task(
        parent=queue, task=Task(http_request=HttpRequest(url=target.url(path)))
    ).name
    until(lambda: gone(client, name))
    time.sleep(0.3)
    assert len(target.got(path)) == 2


def test_task_is_retried_past_its_attempts_while_its_retry_duration_lasts(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    tenth = timedelta(seconds=0.1)
    retry = RetryConfig(
        max_attempts=2,
        max_retry_duration=timedelta(seconds=0.5),
        min_backoff=tenth,
        max_backoff=tenth,
    )
    queue = make_queue(client, retry_config=retry)
    target.will(path, *[Reply(500)] * 20)
    name = client.create_task(
        parent=queue, task=Task(http_request=HttpRequest(url=target.url(path)))
    ).name
    until(lambda: gone(client, name))
    pushes = target.got(path)
    assert 2 < len(pushes) <= 6
    assert pushes[-1].at - pushes[0].at >= 0.5


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
