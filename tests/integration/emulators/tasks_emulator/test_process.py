"""The process: killed, stopped, restarted."""

import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud.tasks_v2 import CloudTasksClient, Queue, RateLimits

from tests.integration.emulators.tasks_emulator.emulator import (
    EMAIL,
    LOCATION,
    QUICK_RETRY,
    count,
    gone,
    http_task,
    make_queue,
    running,
    until,
)
from tests.integration.emulators.tasks_emulator.target import Reply, Target


@pytest.mark.emulates("Cloud Tasks", "what is acknowledged is kept through kill -9")
def test_everything_survives_a_kill(tmp_path: Path, target: Target, path: str) -> None:
    done, held, waiting = (f"{path}/{what}" for what in ("done", "held", "waiting"))
    gate = threading.Event()
    target.will(held, Reply(gate=gate))
    later = datetime.now(UTC) + timedelta(hours=1)
    with running(tmp_path) as before:
        client = before.client
        queue = make_queue(client, retry_config=QUICK_RETRY)
        paused = _paused_with(client, 50, target.url(waiting))
        named = http_task(name=f"{queue}/tasks/done", http_request={"url": target.url(done)})
        client.create_task(parent=queue, task=named)
        until(lambda: gone(client, named.name))
        client.create_task(parent=queue, task=http_task(http_request={"url": target.url(held)}))
        target.wait_for(held)
        future = client.create_task(parent=queue, task=http_task(schedule_time=later)).name
        before.end(signal.SIGKILL)
    gate.set()
    with running(tmp_path) as after:
        client = after.client
        assert target.wait_for(held, 2)[1].headers["x-cloudtasks-taskretrycount"] == "1"
        with pytest.raises(exceptions.AlreadyExists):
            client.create_task(parent=queue, task=named)
        assert abs(client.get_task(name=future).schedule_time - later) < timedelta(seconds=1)
        assert client.get_queue(name=queue).retry_config.min_backoff == timedelta(seconds=0.1)
        _check_resumed(client, paused, target, waiting)
    assert len(target.got(done)) == 1


def _paused_with(client: CloudTasksClient, tasks: int, url: str) -> str:
    """A paused queue with this many tasks; the body of each is its number."""
    paused = make_queue(client)
    client.pause_queue(name=paused)
    for n in range(tasks):
        request = {"url": url, "body": b"%d" % n}
        client.create_task(parent=paused, task=http_task(http_request=request))
    return paused


def _check_resumed(client: CloudTasksClient, paused: str, target: Target, waiting: str) -> None:
    assert client.get_queue(name=paused).state == Queue.State.PAUSED
    client.resume_queue(name=paused)
    delivered = target.wait_for(waiting, 50)
    assert {push.body for push in delivered} == {b"%d" % n for n in range(50)}
    until(lambda: count(client, paused) == 0)


@pytest.mark.emulates("Cloud Tasks", "what is acknowledged is kept through kill -9")
def test_process_ends_at_once_and_redelivers_when_terminated_in_flight(
    tmp_path: Path, target: Target, path: str
) -> None:
    gate = threading.Event()
    target.will(path, Reply(gate=gate))
    with running(tmp_path) as before:
        queue = make_queue(before.client)
        request = {"url": target.url(path)}
        before.client.create_task(parent=queue, task=http_task(http_request=request))
        target.wait_for(path)
        before.end(signal.SIGTERM)  # while the target has not responded
        assert before.process.returncode == 0
    gate.set()
    with running(tmp_path) as after:
        target.wait_for(path, 2)
        until(lambda: count(after.client, queue) == 0)


@pytest.mark.emulates("Cloud Tasks", "queues declared on the command line")
def test_declared_queues_get_what_is_declared_and_keep_the_rest_when_restarted(
    tmp_path: Path,
) -> None:
    name = f"{LOCATION}/queues/declared"
    file = tmp_path / "queues.json"
    file.write_text(f'[{{"name": "{name}", "retryConfig": {{"minBackoff": "2s"}}}}]')
    with running(tmp_path, "--queues", str(file)) as before:
        assert before.client.get_queue(name=name).retry_config.min_backoff.seconds == 2
        changed = Queue(name=name, rate_limits=RateLimits(max_concurrent_dispatches=7))
        before.client.update_queue(queue=changed, update_mask={"paths": ["rate_limits"]})
        before.client.pause_queue(name=name)
        before.end(signal.SIGTERM)
    declared = file.read_text().replace("2s", "5s")
    with running(tmp_path, "--queues", declared) as after:
        queue = after.client.get_queue(name=name)
        assert queue.retry_config.min_backoff.seconds == 5
        assert queue.rate_limits.max_concurrent_dispatches == 7
        assert queue.state == Queue.State.PAUSED
        token = {"service_account_email": EMAIL}
        signed = http_task(http_request={"url": "http://a", "oidc_token": token})
        with pytest.raises(exceptions.InvalidArgument, match="--oidc-key"):
            after.client.create_task(parent=name, task=signed)
