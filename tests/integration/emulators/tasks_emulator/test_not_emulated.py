"""Features of Cloud Tasks that the emulator lacks: each is refused with the service's codes."""

from collections.abc import Callable

import grpc
import pytest
from google.api_core import exceptions
from google.cloud.tasks_v2 import (
    AppEngineHttpRequest,
    AppEngineRouting,
    CloudTasksClient,
    OAuthToken,
    Queue,
    StackdriverLoggingConfig,
    Task,
)

from tests.integration.emulators.tasks_emulator.emulator import LOCATION, make_queue

Call = Callable[[CloudTasksClient, str], object]


def lacks(feature: str, refused: str, call: Call) -> object:
    """A case for a row of the table of features that are not emulated."""
    mark = pytest.mark.emulates("Cloud Tasks", feature, refused=refused)
    return pytest.param(refused, call, id=feature, marks=mark)


INVALID = "INVALID_ARGUMENT"
UNIMPLEMENTED = "UNIMPLEMENTED"
CASES = [
    lacks(
        "App Engine targets",
        INVALID,
        lambda c, q: c.create_task(
            parent=q, task=Task(app_engine_http_request=AppEngineHttpRequest(relative_uri="/"))
        ),
    ),
    lacks(
        "App Engine routing of queues",
        INVALID,
        lambda c, q: c.update_queue(
            queue=Queue(name=q, app_engine_routing_override=AppEngineRouting(service="a"))
        ),
    ),
    lacks(
        "logging settings of queues",
        INVALID,
        lambda c, q: c.update_queue(
            queue=Queue(
                name=q, stackdriver_logging_config=StackdriverLoggingConfig(sampling_ratio=1)
            ),
            update_mask={"paths": ["stackdriver_logging_config"]},
        ),
    ),
    lacks(
        "OAuth tokens",
        INVALID,
        lambda c, q: c.create_task(
            parent=q, task=Task(http_request={"url": "http://a", "oauth_token": OAuthToken()})
        ),
    ),
    lacks(
        "filters of list_queues",
        INVALID,
        lambda c, _: c.list_queues(request={"parent": LOCATION, "filter": "state: PAUSED"}),
    ),
    lacks(
        "IAM policies of queues",
        UNIMPLEMENTED,
        lambda c, q: c.get_iam_policy(request={"resource": q}),
    ),
    lacks(
        "tests of permissions",
        UNIMPLEMENTED,
        lambda c, q: c.test_iam_permissions(request={"resource": q, "permissions": ["a.b.c"]}),
    ),
    lacks(
        "lists of locations",
        UNIMPLEMENTED,
        lambda c, _: c.list_locations(request={"name": "projects/test"}),
    ),
]


@pytest.mark.parametrize(("refused", "call"), CASES)
def test_call_is_refused_when_it_is_not_emulated(
    client: CloudTasksClient, refused: str, call: Call
) -> None:
    queue = make_queue(client)
    with pytest.raises(exceptions.GoogleAPICallError) as refusal:
        call(client, queue)
    assert refusal.value.grpc_status_code == grpc.StatusCode[refused]
