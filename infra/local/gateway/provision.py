"""What terraform makes in the cloud: the map's buckets and queues, through the real clients."""

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

_PATIENCE_SECONDS = 60
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
    """Make what does not exist yet, as soon as the emulators answer."""
    _when_it_answers(lambda: make_buckets(the_map))
    _when_it_answers(lambda: make_queues(the_map))


def make_buckets(the_map: Manifest) -> None:
    """Make the buckets, open to browsers of every origin."""
    client = storage.Client(project="local", credentials=AnonymousCredentials())
    for name in the_map.buckets:
        bucket = client.bucket(name)
        bucket.cors = _CORS
        with contextlib.suppress(Conflict):
            client.create_bucket(bucket, timeout=5, retry=None)


def make_queues(the_map: Manifest) -> None:
    """Make the queues, with the map's pace."""
    with grpc.insecure_channel(os.environ["TASKS_EMULATOR_HOST"]) as channel:
        client = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
        project, location = os.environ["TASKS_PROJECT"], os.environ["TASKS_LOCATION"]
        for name, queue in the_map.queues.items():
            wanted = _queue(client.queue_path(project, location, name), queue)
            parent = client.common_location_path(project, location)
            with contextlib.suppress(AlreadyExists):
                client.create_queue(parent=parent, queue=wanted, timeout=5)


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


def _when_it_answers(make: Callable[[], None]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return make()
        except (NoConnectionError, ServerError):
            if time.monotonic() > until:
                raise
        time.sleep(_PAUSE_SECONDS)
