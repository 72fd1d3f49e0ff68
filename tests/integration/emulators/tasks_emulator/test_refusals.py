"""Invalid calls, refused with the service's codes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from google.api_core import exceptions
from google.cloud.tasks_v2 import (
    CloudTasksClient,
    OAuthToken,
    Queue,
    RateLimits,
    Task,
)

from tests.integration.emulators.tasks_emulator.emulator import LOCATION, http_task, make_queue

NO_QUEUE = f"{LOCATION}/queues/none"


REFUSALS: dict[str, tuple[type[Exception], Callable[[CloudTasksClient, str], object]]] = {
    "task in no queue": (
        exceptions.NotFound,
        lambda c, _: c.create_task(parent=NO_QUEUE, task=http_task()),
    ),
    "task without request": (
        exceptions.InvalidArgument,
        lambda c, q: c.create_task(parent=q, task=Task()),
    ),
    "task without url": (
        exceptions.InvalidArgument,
        lambda c, q: c.create_task(parent=q, task=http_task(http_request={"url": ""})),
    ),
    "task with ftp url": (
        exceptions.InvalidArgument,
        lambda c, q: c.create_task(parent=q, task=http_task(http_request={"url": "ftp://a"})),
    ),
    "task too large": (
        exceptions.InvalidArgument,
        lambda c, q: c.create_task(
            parent=q,
            task=http_task(http_request={"url": "http://a", "body": b"x" * 102_400}),
        ),
    ),
    "body on GET": (
        exceptions.InvalidArgument,
        lambda c, q: c.create_task(
            parent=q,
            task=http_task(http_request={"url": "http://a", "http_method": "GET", "body": b"x"}),
        ),
    ),
    "deadline too short": (
        exceptions.InvalidArgument,
        lambda c, q: c.create_task(
            parent=q, task=http_task(dispatch_deadline=timedelta(seconds=0.4))
        ),
    ),
    "deadline too long": (
        exceptions.InvalidArgument,
        lambda c, q: c.create_task(
            parent=q, task=http_task(dispatch_deadline=timedelta(seconds=1801))
        ),
    ),
    "schedule too far": (
        exceptions.InvalidArgument,
        lambda c, q: c.create_task(
            parent=q, task=http_task(schedule_time=datetime.now(UTC) + timedelta(days=31))
        ),
    ),
    "task of another queue": (
        exceptions.InvalidArgument,
        lambda c, q: c.create_task(parent=q, task=http_task(name=f"{NO_QUEUE}/tasks/a")),
    ),
    "task with a bad name": (
        exceptions.InvalidArgument,
        lambda c, q: c.create_task(parent=q, task=http_task(name=f"{q}/tasks/not valid")),
    ),
    "oauth token": (
        exceptions.InvalidArgument,
        lambda c, q: c.create_task(
            parent=q, task=Task(http_request={"url": "http://a", "oauth_token": OAuthToken()})
        ),
    ),
    "queue twice": (
        exceptions.AlreadyExists,
        lambda c, q: c.create_queue(parent=LOCATION, queue=Queue(name=q)),
    ),
    "queue with underscore": (
        exceptions.InvalidArgument,
        lambda c, _: c.create_queue(
            parent=LOCATION, queue=Queue(name=f"{LOCATION}/queues/sdxl_queue")
        ),
    ),
    "queue with long name": (
        exceptions.InvalidArgument,
        lambda c, _: c.create_queue(
            parent=LOCATION, queue=Queue(name=f"{LOCATION}/queues/{'a' * 101}")
        ),
    ),
    "rate too high": (
        exceptions.InvalidArgument,
        lambda c, q: c.update_queue(
            queue=Queue(name=q, rate_limits=RateLimits(max_dispatches_per_second=501))
        ),
    ),
    "mask of no field": (
        exceptions.InvalidArgument,
        lambda c, q: c.update_queue(queue=Queue(name=q), update_mask={"paths": ["colour"]}),
    ),
    "no such queue": (exceptions.NotFound, lambda c, _: c.get_queue(name=NO_QUEUE)),
    "pause of none": (exceptions.NotFound, lambda c, _: c.pause_queue(name=NO_QUEUE)),
    "purge of none": (exceptions.NotFound, lambda c, _: c.purge_queue(name=NO_QUEUE)),
    "deletion of none": (exceptions.NotFound, lambda c, _: c.delete_queue(name=NO_QUEUE)),
    "list of none": (exceptions.NotFound, lambda c, _: c.list_tasks(parent=NO_QUEUE)),
    "no such task": (exceptions.NotFound, lambda c, q: c.get_task(name=f"{q}/tasks/a")),
    "run of no task": (exceptions.NotFound, lambda c, q: c.run_task(name=f"{q}/tasks/a")),
    "deletion of no task": (exceptions.NotFound, lambda c, q: c.delete_task(name=f"{q}/tasks/a")),
    "page token of none": (
        exceptions.InvalidArgument,
        lambda c, q: c.list_tasks(request={"parent": q, "page_token": "x"}),
    ),
}


@pytest.mark.emulates("Cloud Tasks", "refusals of wrong calls, with the service's codes")
@pytest.mark.parametrize("case", REFUSALS)
def test_call_is_refused_as_by_the_service_when_wrong(client: CloudTasksClient, case: str) -> None:
    error, call = REFUSALS[case]
    with pytest.raises(error):
        call(client, make_queue(client))
