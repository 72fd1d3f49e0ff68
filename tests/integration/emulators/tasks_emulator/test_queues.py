"""Queues that are updated while they run."""

from datetime import timedelta
from typing import Any

import pytest
from google.cloud.tasks_v2 import (
    CloudTasksClient,
    HttpMethod,
    HttpRequest,
    HttpTarget,
    Queue,
    Task,
    UriOverride,
)

from tests.integration.emulators.tasks_emulator.emulator import (
    LOCATION,
    QUICK_RETRY,
    make_queue,
    numbers,
)
from tests.integration.emulators.tasks_emulator.target import Target


@pytest.mark.emulates("Cloud Tasks", "update_queue with http_target: URL, method, headers")
@pytest.mark.parametrize(
    ("override", "task_path", "expected"),
    [
        ({"path_override": {"path": "{new}"}}, "{old}?a=1", "{new}?a=1"),
        ({"query_override": {"query_params": "b=2"}}, "{old}?a=1", "{old}?b=2"),
        (
            {"path_override": {"path": "{new}"}, "uri_override_enforce_mode": "IF_NOT_EXISTS"},
            "{old}",
            "{old}",
        ),
        (
            {"path_override": {"path": "{new}"}, "uri_override_enforce_mode": "IF_NOT_EXISTS"},
            "",
            "{new}",
        ),
    ],
)
def test_url_is_overridden_when_the_queue_says_so(
    client: CloudTasksClient,
    target: Target,
    path: str,
    override: dict[str, Any],
    task_path: str,
    expected: str,
) -> None:
    queue = make_queue(client)
    names = {"old": path, "new": f"{path}/new"}
    if "path_override" in override:
        override = {**override, "path_override": {"path": names["new"]}}
    client.update_queue(
        queue=Queue(name=queue, http_target=HttpTarget(uri_override=UriOverride(override))),
        update_mask={"paths": ["http_target.uri_override"]},
    )
    url = target.url(task_path.format(**names))
    client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=url)))
    target.wait_for(expected.format(**names))


@pytest.mark.emulates("Cloud Tasks", "update_queue with http_target: URL, method, headers")
def test_task_goes_elsewhere_when_the_queue_is_updated_after_its_creation(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    client.pause_queue(name=queue)
    request = HttpRequest(url=f"https://worker.invalid{path}", body=b"dropped by GET")
    client.create_task(parent=queue, task=Task(http_request=request))
    override = UriOverride(scheme=UriOverride.Scheme.HTTP, host="127.0.0.1", port=target.port)
    header = {"header": {"key": "X-Queue", "value": "set"}}
    http_target = HttpTarget(
        uri_override=override, http_method=HttpMethod.GET, header_overrides=[header]
    )
    updated = client.update_queue(
        queue=Queue(name=queue, http_target=http_target),
        update_mask={"paths": ["http_target"]},
    )
    assert updated.state == Queue.State.PAUSED
    assert updated.retry_config.min_backoff == timedelta(seconds=0.1)
    client.resume_queue(name=queue)
    [push] = target.wait_for(path)
    assert (push.method, push.body, push.headers["x-queue"]) == ("GET", b"", "set")


@pytest.mark.emulates("Cloud Tasks", "create, get and update queues, with the defaults")
def test_queue_is_created_when_the_updated_one_does_not_exist(client: CloudTasksClient) -> None:
    name = f"{LOCATION}/queues/queue-{next(numbers)}"
    client.update_queue(queue=Queue(name=name))
    queue = client.get_queue(name=name)
    assert queue.state == Queue.State.RUNNING
    assert queue.rate_limits.max_dispatches_per_second == 500
    assert queue.retry_config.max_attempts == 100
    assert queue.retry_config.max_backoff == timedelta(hours=1)
