"""Job state machine: all transitions with their sources, target, guard and effect.

A transition is one guarded UPDATE by the database's clock. If the guard does not hold, nothing
changes and no row is returned. ``job_transitions`` applies the transitions; the only other writer
of these columns is ``dispatch``, which applies ``RELEASE`` in bulk.

Completed, failed and cancelled are not the source of any transition: they are final.
"""

from dataclasses import dataclass
from typing import Literal

from shared.contracts.jobs import JobStatus

Account = Literal["settle", "refund"]
Outcome = Literal[
    "completed", "failed", "retried", "requeued", "lease_expired", "expired", "cancelled"
]

OPEN: tuple[JobStatus, ...] = ("queued", "processing")

UPLOADS_SECONDS = 40 * 60
"""How long after a job's end a claim's signed URLs may still be used: an attempt takes at most 29
minutes, and its URLs are valid for 10 more."""

_NO_SLOT = "dispatched_at = null, claim_by = null"
_NO_CLAIM = f"{_NO_SLOT}, claim_id = null, lease_until = null, deadline_at = null"
_ENDS = "lease_until = null, completed_at = now()"
_ENDS_UNMADE = f"{_ENDS}, error_message = %(reason)s, cleanup_after = now()"

_THIS_CLAIM = "claim_id = %(claim_id)s"
_LEASE_EXPIRED = f"{_THIS_CLAIM} and lease_until < now()"
_MAY_RETRY = "attempts < max_attempts"

MAX_FREE_REQUEUES = 3
"""How many times a job may be requeued by a draining worker without costing an attempt."""

_IS_REQUEUE_FREE = f"""(
    select count(*) < {MAX_FREE_REQUEUES} from job_claims
    where job_claims.job_id = jobs.id and outcome = 'requeued'
)"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Transition:
    """One transition of the state machine."""

    actor: str
    """Who applies it."""
    sources: tuple[JobStatus, ...]
    target: JobStatus
    guard: str
    effect: str
    credit_action: Account | None = None
    """Effect on the reserved credits. A unique index allows one per job."""
    claim_outcome: Outcome | None = None
    """Outcome of the job's current claim."""


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
    "the dispatcher, if the Cloud Task fails; in bulk sweep-jobs, and a worker that moved",
    ("queued",), "queued",
    guard="dispatch_no = %(dispatch_no)s and dispatched_at is not null",
    effect=_NO_SLOT,
)  # fmt: skip
CLAIM = Transition(
    "a worker, with a claimId of its choice",
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
    "the claim's worker: the attempt failed and may be retried",
    ("processing",), "queued",
    guard=f"{_THIS_CLAIM} and {_MAY_RETRY}",
    effect=_NO_CLAIM,
    claim_outcome="retried",
)  # fmt: skip
REQUEUE_FREE = Transition(
    "the claim's worker: it is draining; the first requeues cost no attempt",
    ("processing",), "queued",
    guard=f"{_THIS_CLAIM} and ({_MAY_RETRY} or {_IS_REQUEUE_FREE})",
    effect=f"{_NO_CLAIM}, attempts = attempts - {_IS_REQUEUE_FREE}::integer",
    claim_outcome="requeued",
)  # fmt: skip
EXPIRE_LEASE = Transition(
    "sweep-jobs: the lease expired",
    ("processing",), "queued",
    guard=f"{_LEASE_EXPIRED} and deadline_at >= now() and {_MAY_RETRY}",
    effect=_NO_CLAIM,
    claim_outcome="lease_expired",
)  # fmt: skip
COMPLETE = Transition(
    "the worker of the current or an older claim; sweep-jobs, by the worker's manifest",
    OPEN, "completed",
    guard="true",
    effect=f"""
        {_ENDS}, error_message = null,
        cleanup_after = now() + make_interval(secs => {UPLOADS_SECONDS})
    """,
    credit_action="settle",
    claim_outcome="completed",
)  # fmt: skip
FAIL = Transition(
    "the claim's worker: the failure is permanent, or no attempt is left",
    ("processing",), "failed",
    guard=_THIS_CLAIM,
    effect=_ENDS_UNMADE,
    credit_action="refund",
    claim_outcome="failed",
)  # fmt: skip
FAIL_EXPIRED = Transition(
    "sweep-jobs: the lease expired, and no attempt or no time is left",
    ("processing",), "failed",
    guard=f"{_LEASE_EXPIRED} and (deadline_at < now() or not {_MAY_RETRY})",
    effect=_ENDS_UNMADE,
    credit_action="refund",
    claim_outcome="lease_expired",
)  # fmt: skip
EXPIRE = Transition(
    "sweep-jobs: the job is a day old",
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
