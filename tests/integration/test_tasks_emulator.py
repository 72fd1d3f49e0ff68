"""The Cloud Tasks emulator, through the real clients and a real target."""

from __future__ import annotations

import itertools
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core import exceptions
from google.cloud.tasks_v2 import (
    CloudTasksAsyncClient,
    CloudTasksClient,
    GetTaskRequest,
    HttpMethod,
    HttpRequest,
    HttpTarget,
    OAuthToken,
    OidcToken,
    Queue,
    RateLimits,
    RetryConfig,
    Task,
    UriOverride,
)
from google.cloud.tasks_v2.services.cloud_tasks.transports import (
    CloudTasksGrpcAsyncIOTransport,
    CloudTasksGrpcTransport,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOCATION = "projects/test/locations/here"
QUICK_RETRY = RetryConfig(
    min_backoff=timedelta(seconds=0.1), max_backoff=timedelta(seconds=10), max_attempts=-1
)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EMAIL = "tasks@test.iam.gserviceaccount.com"


@dataclass(frozen=True)
class Reply:
    """How the target answers one request."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Push:
    """A request that the target has received; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


class Server(ThreadingHTTPServer):
    """A server that queues as many connections as a test opens at once."""

    request_queue_size = 128
    daemon_threads = True


class Target:
    """A real HTTP server: it notes what comes and answers as it was told, else with 200."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.most_at_once = 0
        self._at_once = 0
        self._replies: dict[str, list[Reply]] = defaultdict(list)
        self._changed = threading.Condition()
        self._server = Server(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def will(self, path: str, *replies: Reply) -> None:
        self._replies[path].extend(replies)

    def wait_for(self, path: str, count: int = 1, seconds: float = 5) -> list[Push]:
        """The pushes to a path, once there are as many as expected."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.got(path)) >= count, seconds)
        got = self.got(path)
        assert len(got) >= count, f"{len(got)} pushes to {path}, not {count}"
        return got

    def got(self, path: str) -> list[Push]:
        return [push for push in self.pushes if push.path == path]

    def take(self, push: Push) -> Reply:
        with self._changed:
            self.pushes.append(push)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self._changed.notify_all()
        replies = self._replies[push.path]
        reply = replies.pop(0) if replies else Reply()
        time.sleep(reply.seconds)
        with self._changed:
            self._at_once -= 1
        return reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        target = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                at = time.monotonic()
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = target.take(Push(self.command, self.path, headers, body, at))
                self.send_response(reply.status)
                for name, value in {"Content-Length": "0", **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.flush()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class Emulator:
    """The emulator as a process, and the real client on it."""

    def __init__(self, data: Path, *options: str) -> None:
        command = [sys.executable, "-m", "infra.local.tasks_emulator", "--data", str(data)]
        self.process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.address = self.process.stdout.readline().split()[1]
        self.channel = grpc.insecure_channel(self.address)
        self.client = CloudTasksClient(transport=CloudTasksGrpcTransport(channel=self.channel))

    def end(self, number: signal.Signals) -> None:
        self.channel.close()
        self.process.send_signal(number)
        self.process.wait(5)
        if self.process.stdout:
            self.process.stdout.close()


@contextmanager
def running(data: Path, *options: str) -> Iterator[Emulator]:
    emulator = Emulator(data, *options)
    try:
        yield emulator
    finally:
        if emulator.process.poll() is None:
            emulator.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    made = Target()
    yield made
    made.close()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    data = tmp_path_factory.mktemp("tasks")
    pem = data / "key.pem"
    pem.write_bytes(
        KEY.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    options = ["--tombstone-seconds", "0.5", "--least-deadline-seconds", "0.5"]
    issuer = ["--oidc-key", str(pem), "--oidc-issuer", "https://issuer.test"]
    with running(data, *options, *issuer) as started:
        yield started


@pytest.fixture
def client(emulator: Emulator) -> CloudTasksClient:
    return emulator.client


numbers = itertools.count(1)


@pytest.fixture
def path() -> str:
    """A path of the target that no other test uses."""
    return f"/{next(numbers)}"


def make_queue(client: CloudTasksClient, **settings: Any) -> str:  # noqa: ANN401 - as the client
    queue = Queue(name=f"{LOCATION}/queues/queue-{next(numbers)}", **settings)
    return client.create_queue(parent=LOCATION, queue=queue).name


def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for what has no event of its own."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def count(client: CloudTasksClient, queue: str) -> int:
    return len(list(client.list_tasks(parent=queue)))


def gone(client: CloudTasksClient, name: str) -> bool:
    try:
        client.get_task(name=name)
    except exceptions.NotFound:
        return True
    return False


def test_task_is_pushed_with_body_and_headers_when_created(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client)
    before = time.time()
    task = client.create_task(
        parent=queue,
        task=Task(
            http_request=HttpRequest(
                url=target.url(path),
                body=b"a body",
                headers={
                    "Content-Type": "text/plain",
                    "X-Own": "kept",
                    "x-cloudtasks-queuename": "forged",
                    "X-CloudTasks-Forged": "1",
                    "X-Google-Forged": "1",
                    "X-AppEngine-Forged": "1",
                    "User-Agent": "forged",
                    "Host": "forged",
                    "Content-Length": "99",
                },
            )
        ),
    )
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


def test_push_comes_at_once_when_the_queue_is_idle(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client)
    waits = []
    for n in range(1, 21):
        client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
        returned = time.monotonic()
        waits.append(target.wait_for(path, n)[-1].at - returned)
    assert statistics.median(waits) < 0.05


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
    time.sleep(0.5)
    client.create_task(parent=queue, task=task)
    assert len(target.wait_for(path, 2)) == 2


def test_task_waits_when_its_schedule_time_lies_ahead(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client)
    due = datetime.now(UTC) + timedelta(seconds=0.5)
    request = HttpRequest(url=target.url(path))
    name = client.create_task(parent=queue, task=Task(http_request=request, schedule_time=due)).name
    assert abs(client.get_task(name=name).schedule_time - due) < timedelta(milliseconds=1)
    target.wait_for(path)
    assert timedelta() <= datetime.now(UTC) - due < timedelta(seconds=0.4)


def test_task_runs_now_when_its_schedule_time_is_past(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client)
    past = datetime.now(UTC) - timedelta(days=1)
    task = Task(http_request=HttpRequest(url=target.url(path)), schedule_time=past)
    shown = client.create_task(parent=queue, task=task)
    assert datetime.now(UTC) - shown.schedule_time < timedelta(seconds=5)
    target.wait_for(path)


def test_pushes_at_once_stay_within_the_queues_limit(client: CloudTasksClient, path: str) -> None:
    target = Target()
    queue = make_queue(client, rate_limits=RateLimits(max_concurrent_dispatches=2))
    target.will(path, *[Reply(seconds=0.1)] * 6)
    for _ in range(6):
        client.create_task(parent=queue, task=Task(http_request=HttpRequest(url=target.url(path))))
    target.wait_for(path, 6)
    assert target.most_at_once == 2
    target.close()


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


@pytest.mark.parametrize("how", ["purge", "delete task", "delete queue"])
def test_task_is_never_pushed_when_it_was_deleted_first(
    client: CloudTasksClient, target: Target, path: str, how: str
) -> None:
    queue = make_queue(client)
    soon = datetime.now(UTC) + timedelta(seconds=0.15)
    task = Task(http_request=HttpRequest(url=target.url(path)), schedule_time=soon)
    name = client.create_task(parent=queue, task=task).name
    if how == "purge":
        assert client.purge_queue(name=queue).purge_time
        assert count(client, queue) == 0
    elif how == "delete task":
        client.delete_task(name=name)
    else:
        client.delete_queue(name=queue)
        with pytest.raises(exceptions.FailedPrecondition, match="existed too recently"):
            client.create_queue(parent=LOCATION, queue=Queue(name=queue))
    assert gone(client, name)
    time.sleep(0.3)
    assert not target.got(path)


def test_task_is_not_retried_when_it_was_deleted_in_flight(
    client: CloudTasksClient, target: Target, path: str
) -> None:
    queue = make_queue(client, retry_config=QUICK_RETRY)
    target.will(path, Reply(500, seconds=0.1))
    name = client.create_task(
        parent=queue, task=Task(http_request=HttpRequest(url=target.url(path)))
    ).name
    target.wait_for(path)
    client.delete_task(name=name)
    time.sleep(0.35)
    assert len(target.got(path)) == 1


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


def test_queue_is_created_when_the_updated_one_does_not_exist(client: CloudTasksClient) -> None:
    name = f"{LOCATION}/queues/queue-{next(numbers)}"
    client.update_queue(queue=Queue(name=name))
    queue = client.get_queue(name=name)
    assert queue.state == Queue.State.RUNNING
    assert queue.rate_limits.max_dispatches_per_second == 500
    assert queue.retry_config.max_attempts == 100
    assert queue.retry_config.max_backoff == timedelta(hours=1)


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


def http_task(**fields: Any) -> Task:  # noqa: ANN401 - as the message's own constructor
    return Task({"http_request": {"url": "http://127.0.0.1:1/"}, **fields})


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


@pytest.mark.parametrize("case", REFUSALS)
def test_call_is_refused_as_by_the_service_when_wrong(client: CloudTasksClient, case: str) -> None:
    error, call = REFUSALS[case]
    with pytest.raises(error):
        call(client, make_queue(client))


def test_tasks_and_queues_survive_when_the_process_is_killed(
    tmp_path: Path, target: Target, path: str
) -> None:
    done, held, waiting = f"{path}/done", f"{path}/held", f"{path}/waiting"
    target.will(held, Reply(seconds=2))
    with running(tmp_path) as before:
        client = before.client
        queue = make_queue(client, retry_config=QUICK_RETRY)
        paused = make_queue(client)
        client.pause_queue(name=paused)
        later = datetime.now(UTC) + timedelta(hours=1)
        named = http_task(name=f"{queue}/tasks/done", http_request={"url": target.url(done)})
        client.create_task(parent=queue, task=named)
        until(lambda: gone(client, named.name))
        client.create_task(parent=queue, task=http_task(http_request={"url": target.url(held)}))
        future = client.create_task(parent=queue, task=http_task(schedule_time=later)).name
        target.wait_for(held)
        for n in range(50):
            request = {"url": target.url(waiting), "body": b"%d" % n}
            client.create_task(parent=paused, task=http_task(http_request=request))
        before.end(signal.SIGKILL)
    with running(tmp_path) as after:
        client = after.client
        again = target.wait_for(held, 2)[1]
        assert again.headers["x-cloudtasks-taskretrycount"] == "1"
        with pytest.raises(exceptions.AlreadyExists):
            client.create_task(parent=queue, task=named)
        assert abs(client.get_task(name=future).schedule_time - later) < timedelta(seconds=1)
        assert client.get_queue(name=queue).retry_config.min_backoff == timedelta(seconds=0.1)
        assert client.get_queue(name=paused).state == Queue.State.PAUSED
        client.resume_queue(name=paused)
        delivered = target.wait_for(waiting, 50)
        assert {push.body for push in delivered} == {b"%d" % n for n in range(50)}
        until(lambda: count(client, paused) == 0)
    assert len(target.got(done)) == 1


def test_process_ends_at_once_and_redelivers_when_told_to_end_in_mid_flight(
    tmp_path: Path, target: Target, path: str
) -> None:
    target.will(path, Reply(seconds=2))
    with running(tmp_path) as before:
        queue = make_queue(before.client)
        request = {"url": target.url(path)}
        before.client.create_task(parent=queue, task=http_task(http_request=request))
        target.wait_for(path)
        started = time.monotonic()
        before.end(signal.SIGTERM)
        assert time.monotonic() - started < 1
        assert before.process.returncode == 0
    with running(tmp_path) as after:
        target.wait_for(path, 2)
        until(lambda: count(after.client, queue) == 0)


def test_declared_queues_get_what_is_declared_and_keep_the_rest_when_restarted(
    tmp_path: Path,
) -> None:
    name = f"{LOCATION}/queues/declared"
    file = tmp_path / "queues.json"
    file.write_text(f'[{{"name": "{name}", "retryConfig": {{"minBackoff": "2s"}}}}]')
    with running(tmp_path, "--queues", str(file)) as before:
        assert before.client.get_queue(name=name).retry_config.min_backoff.seconds == 2
        limits = RateLimits(max_concurrent_dispatches=7)
        before.client.update_queue(
            queue=Queue(name=name, rate_limits=limits), update_mask={"paths": ["rate_limits"]}
        )
        before.client.pause_queue(name=name)
        before.end(signal.SIGTERM)
    declared = file.read_text().replace("2s", "5s")
    with running(tmp_path, "--queues", declared) as after:
        queue = after.client.get_queue(name=name)
        assert queue.retry_config.min_backoff.seconds == 5
        assert queue.rate_limits.max_concurrent_dispatches == 7
        assert queue.state == Queue.State.PAUSED
        with pytest.raises(exceptions.InvalidArgument, match="--oidc-key"):
            after.client.create_task(
                parent=name,
                task=Task(
                    http_request=HttpRequest(
                        url="http://a", oidc_token=OidcToken(service_account_email=EMAIL)
                    )
                ),
            )
