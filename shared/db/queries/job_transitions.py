"""Apply the transitions of ``job_state_machine``, except DISPATCH (see ``dispatch``).

Each is one atomic statement and one round trip: a guarded UPDATE with its side effects, such as the
outcome of the claim and the settlement of the credits. Rows are locked in the order job, owner's
profile, user's row of ``user_queues``, so that two statements cannot deadlock. Each function
returns the changed job, or None if the guard did not hold and nothing was changed.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shared.db.connection import Connection
from shared.db.queries import (
    callbacks,
    claims,
    credit_ledger,
    job_state_machine,
    progress,
    workspace_assets,
)
from shared.db.queries.callbacks import Receipt
from shared.db.queries.job_state_machine import Transition
from shared.db.queries.jobs import Job


async def release_dispatch(connection: Connection, job_id: UUID, *, dispatch_no: int) -> Job | None:
    """Release the slot of a dispatched job, which stays queued; the sweep dispatches it again."""
    return await _apply(connection, job_state_machine.RELEASE, job_id, dispatch_no=dispatch_no)


async def claim(
    connection: Connection,
    job_id: UUID,
    *,
    claim_id: UUID,
    dispatch_no: int,
    lease_seconds: float,
    run_seconds: float,
) -> Job | None:
    """Queued → processing: a worker claims the job.

    The lease ends after ``lease_seconds`` unless extended, the attempt after ``run_seconds``.
    """
    return await _apply(
        connection,
        job_state_machine.CLAIM,
        job_id,
        claim_id=claim_id,
        dispatch_no=dispatch_no,
        lease_seconds=lease_seconds,
        run_seconds=run_seconds,
        progress=0.0,
        step=None,
        steps=None,
        preview_path=None,
    )


async def extend_lease(
    connection: Connection,
    job_id: UUID,
    *,
    claim_id: UUID,
    lease_seconds: float,
    progress: float,
    step: int | None,
    steps: int | None,
    preview_path: str | None,
) -> Job | None:
    """Heartbeat: extend the lease, but not past the claim's deadline, and record the progress."""
    return await _apply(
        connection,
        job_state_machine.HEARTBEAT,
        job_id,
        claim_id=claim_id,
        lease_seconds=lease_seconds,
        progress=progress,
        step=step,
        steps=steps,
        preview_path=preview_path,
    )


async def complete(
    connection: Connection,
    job_id: UUID,
    *,
    claim_id: UUID,
    made: Sequence[dict[str, Any]],
    receipt: Receipt | None = None,
) -> Job | None:
    """→ completed: insert the assets and settle the credits.

    ``made`` holds rows of ``workspace_assets.to_row``; ``receipt`` is stored if there is one.
    """
    return await _apply(
        connection,
        job_state_machine.COMPLETE,
        job_id,
        claim_id=claim_id,
        assets=Jsonb(made),
        **(receipt.as_values() if receipt else callbacks.NONE),
    )


async def requeue(connection: Connection, job_id: UUID, *, claim_id: UUID) -> Job | None:
    """Processing → queued, if an attempt is left."""
    return await _apply(connection, job_state_machine.REQUEUE, job_id, claim_id=claim_id)


async def requeue_without_attempt(
    connection: Connection, job_id: UUID, *, claim_id: UUID
) -> Job | None:
    """Processing → queued, by a draining worker.

    The first ``job_state_machine.MAX_FREE_HAND_BACKS`` of a job cost no attempt. Each further one
    costs an attempt, and returns None if none is left.
    """
    return await _apply(connection, job_state_machine.REQUEUE_FREE, job_id, claim_id=claim_id)


async def requeue_expired_claim(
    connection: Connection, job_id: UUID, *, claim_id: UUID
) -> Job | None:
    """Processing → queued: the lease expired, and an attempt and time are left."""
    return await _apply(connection, job_state_machine.EXPIRE_LEASE, job_id, claim_id=claim_id)


async def fail(connection: Connection, job_id: UUID, *, claim_id: UUID, reason: str) -> Job | None:
    """→ failed, by the current claim, with a refund; ``reason`` is shown to the user."""
    return await _apply(
        connection, job_state_machine.FAIL, job_id, claim_id=claim_id, reason=reason
    )


async def fail_expired_claim(
    connection: Connection, job_id: UUID, *, claim_id: UUID, reason: str
) -> Job | None:
    """→ failed, with a refund: the lease expired, and no attempt or no time is left."""
    return await _apply(
        connection, job_state_machine.FAIL_EXPIRED, job_id, claim_id=claim_id, reason=reason
    )


async def expire(connection: Connection, job_id: UUID, *, reason: str) -> Job | None:
    """→ failed, with a refund: the job has passed its expiry."""
    return await _apply(connection, job_state_machine.EXPIRE, job_id, reason=reason)


async def cancel(connection: Connection, job_id: UUID, *, reason: str) -> Job | None:
    """→ cancelled, with a refund."""
    return await _apply(connection, job_state_machine.CANCEL, job_id, reason=reason)


async def _apply(
    connection: Connection, transition: Transition, job_id: UUID, **values: object
) -> Job | None:
    rows = connection.cursor(row_factory=class_row(Job))
    await rows.execute(_STATEMENTS[transition], {"id": job_id, "claim_id": None, **values})
    return await rows.fetchone()


def _statement(transition: Transition) -> str:
    """Compose the statement from constants. An unchanged status is not set, to run no trigger."""
    sources = ", ".join(f"'{source}'" for source in transition.sources)
    stays = transition.sources == (transition.target,)
    status = "" if stays else f"status = '{transition.target}', "
    update = f"""
        update jobs set {status}{transition.effect}, updated_at = now()
        where id = %(id)s and status in ({sources}) and {transition.guard}
        returning *
    """  # noqa: S608
    if not (ctes := _side_effects(transition)):
        return update
    return f"with changed as ({update}), {', '.join(ctes)} select * from changed"  # noqa: S608


def _side_effects(transition: Transition) -> list[str]:
    """Return the CTEs that write to other tables, based on the ``changed`` row."""
    ctes = list(_EXTRA_CTES.get(transition, ()))
    if transition.claim_outcome:
        ctes.append(claims.ended(transition.claim_outcome))
    if transition.credit_action:
        ctes.append(
            {"settle": credit_ledger.SETTLE_CTE, "refund": credit_ledger.REFUND_CTE}[
                transition.credit_action
            ]
        )
    return ctes


_EXTRA_CTES = {
    job_state_machine.CLAIM: (claims.MADE, progress.PUBLISH_PROGRESS_CTE),
    job_state_machine.HEARTBEAT: (progress.PUBLISH_PROGRESS_CTE,),
    job_state_machine.COMPLETE: (workspace_assets.INSERT_ASSETS_CTE, callbacks.KEPT),
}
_STATEMENTS = {
    transition: _statement(transition)
    for transition in job_state_machine.TABLE.values()
    if transition is not job_state_machine.DISPATCH
}
