"""The Cloud Tasks emulator as a process, with the real client."""

import itertools
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core import exceptions
from google.cloud.tasks_v2 import (
    CloudTasksClient,
    Queue,
    RetryConfig,
    Task,
)
from google.cloud.tasks_v2.services.cloud_tasks.transports import (
    CloudTasksGrpcTransport,
)

from tests.integration.emulators.tasks_emulator.target import Target
from tests.support import local_system

LOCATION = "projects/test/locations/here"


QUICK_RETRY = RetryConfig(
    min_backoff=timedelta(seconds=0.1), max_backoff=timedelta(seconds=10), max_attempts=-1
)


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


IMMEDIATE_RETRY = RetryConfig(min_backoff=timedelta(), max_backoff=timedelta(), max_attempts=-1)


EMAIL = "tasks@test.iam.gserviceaccount.com"


class Emulator:
    """The emulator as a process, with the real client connected to it."""

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
        self.process.wait(local_system.TIMEOUT_SECONDS)
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


numbers = itertools.count(1)


def make_queue(client: CloudTasksClient, **settings: Any) -> str:  # noqa: ANN401 - as the client
    queue = Queue(name=f"{LOCATION}/queues/queue-{next(numbers)}", **settings)
    return client.create_queue(parent=LOCATION, queue=queue).name


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that has no event."""
    local_system.wait_until(condition, what="the emulator")


def count(client: CloudTasksClient, queue: str) -> int:
    return len(list(client.list_tasks(parent=queue)))


def dispatches(client: CloudTasksClient, queue: str) -> int:
    """The number of dispatches of a queue's tasks that still exist."""
    return sum(task.dispatch_count for task in client.list_tasks(parent=queue))


def pass_two_tasks(client: CloudTasksClient, target: Target, queue: str, path: str) -> None:
    """Pass two more tasks through a queue that allows one push at a time.

    The second is due after anything that became due when an earlier push ended.
    """
    for name in ("next", "last"):
        url = target.url(f"{path}/{name}")
        client.create_task(parent=queue, task=http_task(http_request={"url": url}))
        target.wait_for(f"{path}/{name}")


def gone(client: CloudTasksClient, name: str) -> bool:
    try:
        client.get_task(name=name)
    except exceptions.NotFound:
        return True
    return False


def http_task(**fields: Any) -> Task:  # noqa: ANN401 - as the message's own constructor
    return Task({"http_request": {"url": "http://127.0.0.1:1/"}, **fields})
