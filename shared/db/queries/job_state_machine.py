"""A job's life as a table: every change of its state that there is.

A transition is one guarded UPDATE by the database's clock. Where its guard does not hold nothing
changes, and whoever asked learns it from the row that did not come back. ``jobs`` applies them;
nothing else writes these columns, but for the sweeping of slots in bulk, which is ``RELEASE``.

Completed, failed and cancelled are no transition's source: what has ended stays as it ended.
"""

from dataclasses import dataclass
from typing import Literal

from shared.contracts.jobs import JobStatus

Account = Literal["settle", "refund"]
Outcome = Literal[
    "completed", "failed", "sent_back", "handed_back", "lapsed", "expired", "cancelled"
]

OPEN: tuple[JobStatus, ...] = ("queued", "processing")

UPLOADS_SECONDS = 40 * 60
"""For so long after a job's end a claim's signed URLs may still be written to: an attempt takes 29
minutes at most, and its URLs hold 10 more."""

_NO_SLOT = "dispatched_at = null, claim_by = null"
_NO_CLAIM = f"{_NO_SLOT}, claim_id = null, lease_until = null, deadline_at = null"
_ENDS = "lease_until = null, completed_at = now()"
_ENDS_UNMADE = f"{_ENDS}, error_message = %(reason)s, clean_after = now()"

_THIS_CLAIM = "claim_id = %(claim_id)s"
_LAPSED = f"{_THIS_CLAIM} and lease_until < now()"
_MAY_RETRY = "attempts < max_attempts"

MAX_FREE_HAND_BACKS = 3
"""How many times a job may be handed back at no cost. Each further one costs an attempt."""

_IS_HAND_BACK_FREE = f"""(
    select count(*) < {MAX_FREE_HAND_BACKS} from job_claims
    where job_claims.job_id = jobs.id and outcome = 'handed_back'
)"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table."""

    actor: str
    sources: tuple[JobStatus, ...]
    target: JobStatus
    guard: str
    effect: str
    credit_action: Account | None = None
    """What it does to the credits that were reserved; once a job, held by an index."""
    claim_outcome: Outcome | None = None
    """How the claim ends that the job runs under."""


DISPATCH = Transition(
    "queue-job, job-callback, workspace-actions, sweep-jobs",
    ("queued",), "queued",
    guard="dispatched_at is null",
    effect="""
        worker_id = chosen.worker_id, dispatch_no = dispatch_no + 1, dispatched_at = now(),
        claim_by = now() + make_interval(secs => chosen.claim_seconds)
    """,
)  # fmt: skip
RELEASE = Transition(
    "whoever could not make the Cloud Task; in bulk the sweep, and a worker that moved",
    ("queued",), "queued",
    guard="dispatch_no = %(dispatch_no)s and dispatched_at is not null",
    effect=_NO_SLOT,
)  # fmt: skip
CLAIM = Transition(
    "the worker, by a claimId of its making",
    ("queued",), "processing",
    guard="dispatch_no = %(dispatch_no)s and expires_at > now()",
    effect="""
        attempts = attempts + 1, claim_id = %(claim_id)s,
        dispatched_at = coalesce(dispatched_at, now()),
        deadline_at = now() + make_interval(secs => %(run_seconds)s),
        lease_until = now() + make_interval(
            secs => least(%(lease_seconds)s, %(run_seconds)s)::double precision),
        started_at = coalesce(started_at, now())
    """,
)  # fmt: skip
HEARTBEAT = Transition(
    "the claim's worker",
    ("processing",), "processing",
    guard=_THIS_CLAIM,
    effect="lease_until = least(now() + make_interval(secs => %(lease_seconds)s), deadline_at)",
)  # fmt: skip
REQUEUE = Transition(
    "the claim's worker: it failed, and another try may not",
    ("processing",), "queued",
    guard=f"{_THIS_CLAIM} and {_MAY_RETRY}",
    effect=_NO_CLAIM,
    claim_outcome="sent_back",
)  # fmt: skip
REQUEUE_FREE = Transition(
    "the claim's worker: it drains, which costs no attempt the first times",
    ("processing",), "queued",
    guard=f"{_THIS_CLAIM} and ({_MAY_RETRY} or {_IS_HAND_BACK_FREE})",
    effect=f"{_NO_CLAIM}, attempts = attempts - {_IS_HAND_BACK_FREE}::integer",
    claim_outcome="handed_back",
)  # fmt: skip
EXPIRE_LEASE = Transition(
    "sweep-jobs: the worker was not heard of",
    ("processing",), "queued",
    guard=f"{_LAPSED} and deadline_at >= now() and {_MAY_RETRY}",
    effect=_NO_CLAIM,
    claim_outcome="lapsed",
)  # fmt: skip
COMPLETE = Transition(
    "a claim's worker, an older claim's too; sweep-jobs, by the worker's manifest",
    OPEN, "completed",
    guard="true",
    effect=f"""
        {_ENDS}, error_message = null,
        clean_after = now() + make_interval(secs => {UPLOADS_SECONDS})
    """,
    credit_action="settle",
    claim_outcome="completed",
)  # fmt: skip
FAIL = Transition(
    "the claim's worker: another try would fail as well, or none is left",
    ("processing",), "failed",
    guard=_THIS_CLAIM,
    effect=_ENDS_UNMADE,
    credit_action="refund",
    claim_outcome="failed",
)  # fmt: skip
FAIL_EXPIRED = Transition(
    "sweep-jobs: not heard of, and no attempt or no time is left",
    ("processing",), "failed",
    guard=f"{_LAPSED} and (deadline_at < now() or not {_MAY_RETRY})",
    effect=_ENDS_UNMADE,
    credit_action="refund",
    claim_outcome="lapsed",
)  # fmt: skip
EXPIRE = Transition(
    "sweep-jobs: a day has passed",
    OPEN, "failed",
    guard="expires_at < now()",
    effect=_ENDS_UNMADE,
    credit_action="refund",
    claim_outcome="expired",
)  # fmt: skip
CANCEL = Transition(
    "the owner, an admin",
    OPEN, "cancelled",
    guard="true",
    effect=_ENDS_UNMADE,
    credit_action="refund",
    claim_outcome="cancelled",
)  # fmt: skip

TABLE: dict[str, Transition] = {
    name: value for name, value in vars().items() if isinstance(value, Transition)
}
