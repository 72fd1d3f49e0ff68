"""system-metrics response: workers, queues and estimated start times."""

from datetime import datetime
from typing import Literal

from shared.contracts.base import CamelContract
from shared.contracts.job_catalog import QueuedWorkerType, QueueName, WorkerType

EtaPhrase = Literal["immediate", "< 1 min", "1-3 mins", "3-10 mins", "> 10 mins"]


class WorkerMetrics(CamelContract):
    """An active worker."""

    status: Literal["healthy", "unhealthy"]
    response_time: int | None
    """Response time of the last health check, in ms."""
    last_checked: datetime
    worker_id: str
    slots: int
    jobs: int
    """Unfinished jobs sent to it. A job beyond its slots waits there for a free slot."""


class QueueMetrics(CamelContract):
    """Jobs of a queue. The three counts add up to its depth."""

    waiting: int
    """Not yet sent to a worker."""
    dispatched: int
    """Sent to a worker, not started."""
    running: int
    oldest_waiting_seconds: float | None
    """None if no job waits."""


class EtaSeconds(CamelContract):
    """Estimated start of a job that is queued now, in seconds from now."""

    likely: float
    least: float
    most: float


class SystemMetrics(CamelContract):
    """``POST /system-metrics``: a consistent snapshot."""

    timestamp: datetime
    workers: dict[WorkerType, list[WorkerMetrics]]
    queues: dict[QueueName, int]
    """Unfinished jobs by queue."""
    eta_estimates: dict[QueuedWorkerType, EtaPhrase]
    eta_seconds: dict[QueuedWorkerType, EtaSeconds | None]
    """None if no healthy worker serves the queue."""
    queue_details: dict[QueueName, QueueMetrics]
