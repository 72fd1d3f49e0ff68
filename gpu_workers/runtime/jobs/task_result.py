"""HTTP results of a task delivery."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """A response to a task: 200 ends it, any other status keeps it in its queue."""

    status: int
    code: str
    message: str


COMPLETED = Outcome(200, "completed", "The job was completed.")
FAILED = Outcome(200, "failed", "The job failed, and this was reported.")
REQUEUED = Outcome(200, "handed_back", "The worker is shutting down; the job was requeued.")
JOB_GONE = Outcome(200, "declined", "The job has finished or belongs to another worker.")
STOPPED = Outcome(200, "stopped", "The job ended while it was running.")
EXPIRED = Outcome(200, "expired", "The job has expired.")
REPORT_LOST = Outcome(200, "report_lost", "The job ran, but its result could not be reported.")

CLAIMED = Outcome(503, "claimed", "The job is claimed by another attempt.")
NOT_CLAIMED = Outcome(503, "not_claimed", "The job could not be claimed at present.")
DRAINING = Outcome(503, "draining", "The worker is shutting down.")
DUPLICATE = Outcome(503, "already_here", "This worker is running the job already.")
BUSY = Outcome(429, "busy", "All slots and queue places of the worker are in use.")
