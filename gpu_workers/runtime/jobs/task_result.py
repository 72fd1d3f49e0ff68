"""HTTP results of a task delivery."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """A response to a task: 200 ends it, any other status keeps it in its queue."""

    status: int
    code: str
    sentence: str


COMPLETED = Outcome(200, "completed", "The job was completed.")
FAILED = Outcome(200, "failed", "The job failed, and this was reported.")
HANDED_BACK = Outcome(200, "handed_back", "The worker is ending and gave the job back.")
JOB_GONE = Outcome(200, "declined", "The job has ended or is another worker's.")
STOPPED = Outcome(200, "stopped", "The job ended while it was running.")
EXPIRED = Outcome(200, "expired", "The job has expired.")
REPORT_LOST = Outcome(200, "unheard", "The job ran, and its report was not taken.")

CLAIMED = Outcome(503, "claimed", "Another claim of this job is alive.")
NOT_CLAIMED = Outcome(503, "not_claimed", "The job could not be claimed at present.")
DRAINING = Outcome(503, "draining", "The worker is ending.")
DUPLICATE = Outcome(503, "already_here", "This job is being held by this worker already.")
BUSY = Outcome(429, "busy", "Every slot and every place in line is taken.")
