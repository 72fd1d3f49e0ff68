"""The HTTP requests that tasks become."""

import threading
import time
from datetime import UTC, datetime, timedelta

import grpc
import jwt
import pytest
from google.cloud.tasks_v2 import (
    CloudTasksAsyncClient,
    CloudTasksClient,
    HttpMethod,
    HttpRequest,
    OidcToken,
    Task,
)
from google.cloud.tasks_v2.services.cloud_tasks.transports import (
    CloudTasksGrpcAsyncIOTransport,
)

from tests.integration.emulators.tasks_emulator.emulator import (
    EMAIL,
    KEY,
    Emulator,
    count,
    dispatches,
    make_queue,
    until,
)
from tests.integration.emulators.tasks_emulator.target import Reply, Target

GIVEN_HEADERS = {
    "Content-Type": "text/plain",
    "X-Own": "kept",
    "x-cloudtasks-queuename": "forged",
    "X-CloudTasks-Forged": "1",
    "X-Google-Forged": "1",
    "X-AppEngine-Forged": "1",
    "User-Agent": "forged",
    "Host": "forged",
    "Content-Length": "99",
}


@pytest.mark.emulates("Cloud Tasks", "push of method, body and headers, the service's own too")
def test_task_is_pushed_with_body_and_headers_when_created(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client)
    before = time.time()
    request = HttpRequest(url=target.url(path), body=b"a body", headers=GIVEN_HEADERS)
    task = client.create_task(parent=queue, task=Task(http_request=request))
    [push] = target.wait_for(path)
    assert (push.method, push.body) == ("POST", b"a body")
    eta = float(push.headers.pop("x-cloudtasks-tasketa"))
    assert before - 0.01 <= eta <= time.time()
    assert not [name for name in push.headers if name.endswith("-forged")]
    assert {
        "content-type": "text/plain",
        "content-length": "6",
        "host": f"127.0.0.1:{target.port}",
        "user-agent": "Google-Cloud-Tasks",
        "x-own": "kept",
        "x-cloudtasks-queuename": queue.rpartition("/")[2],
        "x-cloudtasks-taskname": task.name.rpartition("/")[2],
        "x-cloudtasks-taskretrycount": "0",
        "x-cloudtasks-taskexecutioncount": "0",
    }.items() <= push.headers.items()
    assert "x-cloudtasks-taskpreviousresponse" not in push.headers
    until(lambda: count(client, queue) == 0)


@pytest.mark.emulates("Cloud Tasks", "push of method, body and headers, the service's own too")
async def test_task_is_pushed_when_created_by_the_async_client(
    emulator: Emulator, target: Target, path: str
) -> None:
    queue = make_queue(emulator.client)
    async with grpc.aio.insecure_channel(emulator.address) as channel:
        client = CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))
        request = HttpRequest(url=target.url(path), http_method=HttpMethod.PUT, body=b"x")
        await client.create_task(parent=queue, task=Task(http_request=request))
    [push] = target.wait_for(path)
    assert (push.method, push.body) == ("PUT", b"x")


@pytest.mark.emulates("Cloud Tasks", "push at once when the queue is idle")
def test_push_comes_at_once_when_the_queue_is_idle(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue, gate = make_queue(client), threading.Event()
    target.will(path, *[Reply(gate=gate)] * 5)
    for number in range(1, 6):
        client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
        assert dispatches(client, queue) == number, "it is dispatched when it is created"
    target.wait_for(path, 5)
    gate.set()


@pytest.mark.emulates("Cloud Tasks", "OIDC tokens, signed by a local key")
@pytest.mark.parametrize("audience", ["https://worker.test", ""])
def test_push_is_signed_when_the_task_has_an_oidc_token(
    client: CloudTasksClient, target: Target, path: str, audience: str
) -> None:
    queue = make_queue(client)
    token = OidcToken(service_account_email=EMAIL, audience=audience)
    request = HttpRequest(url=target.url(path), oidc_token=token)
    client.create_task(parent=queue, task=Task(http_request=request))
    [push] = target.wait_for(path)
    scheme, _, sent = push.headers["authorization"].partition(" ")
    claims = jwt.decode(
        sent,
        KEY.public_key(),
        algorithms=["RS256"],
        audience=audience or target.url(path),
        issuer="https://issuer.test",
        options={"require": ["exp", "iat", "sub"]},
    )
    assert scheme == "Bearer"
    assert (claims["email"], claims["email_verified"]) == (EMAIL, True)
    assert claims["exp"] - time.time() > 1800
    assert jwt.get_unverified_header(sent)["kid"]


@pytest.mark.emulates("Cloud Tasks", "schedule_time")
def test_task_waits_when_its_schedule_time_lies_ahead(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client)
    due = datetime.now(UTC) + timedelta(seconds=0.5)
    request = HttpRequest(url=target.url(path))
    task = client.create_task(parent=queue, task=Task(http_request=request, schedule_time=due))
    assert abs(task.schedule_time - due) < timedelta(milliseconds=1)
    [push] = target.wait_for(path)
    assert push.at >= due.timestamp()


@pytest.mark.emulates("Cloud Tasks", "schedule_time")
def test_task_runs_now_when_its_schedule_time_is_past(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client)
    past = datetime.now(UTC) - timedelta(days=1)
    task = Task(http_request=HttpRequest(url=target.url(path)), schedule_time=past)
    before = datetime.now(UTC)
    shown = client.create_task(parent=queue, task=task)
    assert before <= shown.schedule_time <= datetime.now(UTC)
    target.wait_for(path)
