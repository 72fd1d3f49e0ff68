"""The figures that the operators' promises are held against (docs/operations, monitoring)."""

from shared.db.queries.jobs import Job
from shared.telemetry import logs


def record_job_ended(job: Job, **more: float) -> None:
    """A job has ended, and that is committed. One that its user cancelled is not measured."""
    logs.emit_metrics(job_late=int(is_late(job)), **more)


def is_late(job: Job) -> bool:
    """Whether it ended past the deadline of its last claim, or past its own."""
    until = min(job.deadline_at or job.expires_at, job.expires_at)
    return job.completed_at is not None and job.completed_at > until
