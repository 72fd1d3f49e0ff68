"""Builds the metrics response from a database snapshot."""

from collections.abc import Mapping
from typing import get_args

from shared.contracts.job_catalog import WORKER_TYPES, WorkerType
from shared.contracts.metrics import (
    EtaSeconds,
    QueueMetrics,
    SystemMetrics,
    WorkerMetrics,
)
from shared.db.queries.metrics import Duration, QueueState, Snapshot, WorkerState
from shared.jobs import eta


def build_report(snapshot: Snapshot) -> SystemMetrics:
    """Build the response. It lists every queue and every worker type, even if empty."""
    durations = {duration.job_type: duration for duration in snapshot.durations}
    details = {queue.name: _queue(queue) for queue in snapshot.queues}
    etas = {
        WORKER_TYPES[queue.name]: _eta(queue, durations, snapshot.workers)
        for queue in snapshot.queues
    }
    return SystemMetrics(
        timestamp=snapshot.at,
        workers={
            kind: [_worker(worker) for worker in snapshot.workers if worker.worker_type == kind]
            for kind in get_args(WorkerType)
        },
        queues={
            name: queue.waiting + queue.dispatched + queue.running
            for name, queue in details.items()
        },
        eta_estimates={kind: eta.format_eta(estimate) for kind, estimate in etas.items()},
        eta_seconds={kind: _seconds(estimate) for kind, estimate in etas.items()},
        queue_details=details,
    )


def _eta(
    queue: QueueState, durations: Mapping[str, Duration], workers: list[WorkerState]
) -> eta.Eta | None:
    """Estimate a queue's waiting time from the healthy workers that serve it."""
    serving = [
        worker
        for worker in workers
        if worker.worker_type == WORKER_TYPES[queue.name]
        and worker.health == "healthy"
        and worker.is_known
    ]
    return eta.estimate(
        queue,
        durations,
        slots=sum(worker.slots for worker in serving),
        is_free=any(worker.jobs < worker.slots for worker in serving),
    )


def _worker(worker: WorkerState) -> WorkerMetrics:
    return WorkerMetrics(
        status=worker.health,
        response_time=worker.response_ms,
        last_checked=worker.last_seen,
        worker_id=worker.id,
        slots=worker.slots,
        jobs=worker.jobs,
    )


def _queue(queue: QueueState) -> QueueMetrics:
    oldest = queue.oldest_waiting_seconds
    return QueueMetrics(
        waiting=queue.waiting,
        dispatched=sum(load.jobs for load in queue.dispatched),
        running=sum(load.jobs for load in queue.running),
        oldest_waiting_seconds=None if oldest is None else round(oldest, 1),
    )


def _seconds(estimate: eta.Eta | None) -> EtaSeconds | None:
    if estimate is None:
        return None
    return EtaSeconds(
        likely=round(estimate.expected, 1),
        least=round(estimate.min, 1),
        most=round(estimate.max, 1),
    )
