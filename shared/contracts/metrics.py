"""What an operator looks at: the workers, the queues, and how long one waits."""

from datetime import datetime
from typing import Literal

from shared.contracts.base import CamelContract
from shared.contracts.job_catalog import QueueName, WorkerType

EtaPhrase = Literal["immediate", "< 1 min", "1-3 mins", "3-10 mins", "> 10 mins"]
QueuedWorkerType = Literal["sdxl", "wan"]


class WorkerMetrics(CamelContract):
    """An active worker."""

    status: Literal["healthy", "unhealthy"]
    response_time: int | None
    """Of its last answer, in ms."""
    last_checked: datetime
    worker_id: str
    slots: int
    jobs: int
    """Sent to it and not yet ended; one beyond its slots waits there for the next to be free."""


class QueueMetrics(CamelContract):
    """What is in a queue. The three counts add up to its depth."""

    waiting: int
    """Not yet sent to a worker."""
    dispatched: int
    """Sent to a worker that has not begun."""
    running: int
    oldest_waiting_seconds: float | None
    """None where nothing waits."""


class EtaSeconds(CamelContract):
    """When a job that is queued now will begin."""

    likely: float
    least: float
    most: float


class SystemMetrics(CamelContract):
    """``POST /system-metrics``, all of it at one instant."""

    timestamp: datetime
    workers: dict[WorkerType, list[WorkerMetrics]]
    queues: dict[QueueName, int]
    """Jobs not yet ended."""
    eta_estimates: dict[QueuedWorkerType, EtaPhrase]
    eta_seconds: dict[QueuedWorkerType, EtaSeconds | None]
    """None where no healthy worker serves the queue."""
    queue_details: dict[QueueName, QueueMetrics]
