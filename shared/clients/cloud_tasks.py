"""Cloud Tasks client: enqueues the tasks that start jobs on workers."""

from datetime import timedelta

import grpc.aio
from google.api_core.exceptions import AlreadyExists, GoogleAPIError
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport

from shared.contracts.job_catalog import QueueName, queue_id
from shared.errors import ServiceUnavailableError
from shared.settings import Settings
from shared.telemetry.logs import logger

DISPATCH_DEADLINE = timedelta(minutes=30)
"""Maximum time that Cloud Tasks waits for a worker's response."""

_TIMEOUT_SECONDS = 3
"""Timeout of a request. The caller waits for it; if it fails, the sweep dispatches the job."""


class Tasks:
    """Client of the project's task queues."""

    def __init__(self, settings: Settings) -> None:
        self._parent = (
            f"projects/{settings.tasks_project}/locations/{settings.tasks_location}/queues"
        )
        self._client = _client(settings.tasks_emulator_host)

    async def enqueue(
        self, queue: QueueName, name: str, *, url: str, headers: dict[str, str], body: bytes
    ) -> None:
        """Enqueue a task that posts ``body`` to ``url`` until the response is 2xx.

        A task name that was used before counts as success.

        Raises:
            ServiceUnavailableError: Cloud Tasks is unavailable or rejects the task.
        """
        parent = f"{self._parent}/{queue_id(queue)}"
        task = tasks_v2.Task(
            name=f"{parent}/tasks/{name}",
            http_request=tasks_v2.HttpRequest(
                url=url, headers={"content-type": "application/json", **headers}, body=body
            ),
            dispatch_deadline=DISPATCH_DEADLINE,
        )
        try:
            await self._client.create_task(parent=parent, task=task, timeout=_TIMEOUT_SECONDS)
        except AlreadyExists:
            return
        except GoogleAPIError as error:
            logger.warning("the task was not made: %s", type(error).__name__)
            raise ServiceUnavailableError(
                "The task queue is unavailable; try again in a moment."
            ) from error


def _client(host: str | None) -> tasks_v2.CloudTasksAsyncClient:
    if host is None:
        return tasks_v2.CloudTasksAsyncClient()
    transport = CloudTasksGrpcAsyncIOTransport(channel=grpc.aio.insecure_channel(host))
    return tasks_v2.CloudTasksAsyncClient(transport=transport)
