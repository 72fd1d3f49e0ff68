"""SLO metrics emitted when a job ends (see docs/operations, monitoring)."""

from shared.db.queries.jobs import Job
from shared.telemetry import logs


def record_job_ended(job: Job, **more: float) -> None:
    """Emit the metrics of a finished job, after the commit. Do not call it for cancelled jobs."""
    logs.emit_metrics(job_late=int(is_late(job)), **more)


def is_late(job: Job) -> bool:
    """Return whether the job ended after the deadline of its last claim or its expiry."""
    deadline = min(job.deadline_at or job.expires_at, job.expires_at)
    return job.completed_at is not None and job.completed_at > deadline
