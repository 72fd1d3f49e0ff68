"""Create the manifest's buckets and queues in the emulators, as terraform does in the cloud."""

import contextlib
import os
import time
from collections.abc import Callable
from datetime import timedelta

import grpc
from google.api_core.exceptions import AlreadyExists, Conflict, ServerError
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage, tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from requests.exceptions import ConnectionError as NoConnectionError

from infra.manifest import Manifest, Queue

_TIMEOUT_SECONDS = 60
_PAUSE_SECONDS = 0.05
_CORS = [
    {
        "origin": ["*"],
        "method": ["GET", "HEAD", "PUT"],
        "responseHeader": ["*"],
        "maxAgeSeconds": 3600,
    }
]


def provision(the_map: Manifest) -> None:
    """Create missing buckets and queues; retry for a minute until the emulators respond."""
    _retry(lambda: make_buckets(the_map))
    _retry(lambda: make_queues(the_map))


def make_buckets(the_map: Manifest) -> None:
    """Create the buckets, with CORS for every origin."""
    client = storage.Client(project="local", credentials=AnonymousCredentials())
    for name in the_map.buckets:
        bucket = client.bucket(name)
        bucket.cors = _CORS
        with contextlib.suppress(Conflict):
            client.create_bucket(bucket, timeout=5, retry=None)


def make_queues(the_map: Manifest) -> None:
    """Create the queues, with the manifest's limits."""
    with grpc.insecure_channel(os.environ["TASKS_EMULATOR_HOST"]) as channel:
        client = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
        project, location = os.environ["TASKS_PROJECT"], os.environ["TASKS_LOCATION"]
        for name, queue in the_map.queues.items():
            new_queue = _queue(client.queue_path(project, location, name), queue)
            parent = client.common_location_path(project, location)
            with contextlib.suppress(AlreadyExists):
                client.create_queue(parent=parent, queue=new_queue, timeout=5)


def _queue(path: str, queue: Queue) -> tasks_v2.Queue:
    return tasks_v2.Queue(
        name=path,
        rate_limits=tasks_v2.RateLimits(max_concurrent_dispatches=queue.max_concurrent),
        retry_config=tasks_v2.RetryConfig(
            max_attempts=-1,
            min_backoff=timedelta(seconds=queue.min_backoff_seconds),
            max_backoff=timedelta(seconds=queue.max_backoff_seconds),
        ),
    )


def _retry(make: Callable[[], None]) -> None:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while True:
        try:
            return make()
        except (NoConnectionError, ServerError):
            if time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE_SECONDS)
