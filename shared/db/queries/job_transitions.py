"""A job's life: the transitions of ``transitions``, applied. DISPATCH is ``turns.fill``'s.

Each is one statement: a guarded UPDATE, and what follows from it, such as the claim's end and the
closing of the job's account. So it is whole or not at all, and one trip. The job's row comes first,
then its owner's profile, then the user's turn, so that no two of these wait for each other. Each
gives the job as it stands then, and None where the guard did not hold and nothing was changed.
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
    """Stays queued, and gives its slot back: the sweep tries again."""
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
    """Queued → processing: this claim runs the job."""
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
    """A heartbeat: the claim goes on, but never past its deadline, and tells how far it is."""
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
    """→ completed, with what was made, and what was reserved spent.

    ``made`` is of ``assets.to_row``; ``receipt`` is kept where a letter tells of it.
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
    """Processing → queued, while an attempt is left."""
    return await _apply(connection, job_state_machine.REQUEUE, job_id, claim_id=claim_id)


async def requeue_without_attempt(
    connection: Connection, job_id: UUID, *, claim_id: UUID
) -> Job | None:
    """Processing → queued by a worker that drains.

    The first ``transitions.MAX_FREE_HAND_BACKS`` of a job cost no attempt. Each further one costs
    one, and is None where no attempt is left.
    """
    return await _apply(connection, job_state_machine.REQUEUE_FREE, job_id, claim_id=claim_id)


async def requeue_expired_claim(
    connection: Connection, job_id: UUID, *, claim_id: UUID
) -> Job | None:
    """Processing → queued: the lease ran out, and an attempt and time are left."""
    return await _apply(connection, job_state_machine.EXPIRE_LEASE, job_id, claim_id=claim_id)


async def fail(connection: Connection, job_id: UUID, *, claim_id: UUID, reason: str) -> Job | None:
    """→ failed, by the current claim, with the refund; ``reason`` is for a person to read."""
    return await _apply(
        connection, job_state_machine.FAIL, job_id, claim_id=claim_id, reason=reason
    )


async def fail_expired_claim(
    connection: Connection, job_id: UUID, *, claim_id: UUID, reason: str
) -> Job | None:
    """→ failed: the lease ran out, and no attempt or no time is left."""
    return await _apply(
        connection, job_state_machine.FAIL_EXPIRED, job_id, claim_id=claim_id, reason=reason
    )


async def expire(connection: Connection, job_id: UUID, *, reason: str) -> Job | None:
    """→ failed: the time is over by which it should have ended."""
    return await _apply(connection, job_state_machine.EXPIRE, job_id, reason=reason)


async def cancel(connection: Connection, job_id: UUID, *, reason: str) -> Job | None:
    """→ cancelled, at once, with the refund."""
    return await _apply(connection, job_state_machine.CANCEL, job_id, reason=reason)


async def _apply(
    connection: Connection, transition: Transition, job_id: UUID, **values: object
) -> Job | None:
    rows = connection.cursor(row_factory=class_row(Job))
    await rows.execute(_STATEMENTS[transition], {"id": job_id, "claim_id": None, **values})
    return await rows.fetchone()


def _statement(transition: Transition) -> str:
    """Every part is a constant. A status that stays is not set: no trigger runs."""
    sources = ", ".join(f"'{source}'" for source in transition.sources)
    stays = transition.sources == (transition.target,)
    status = "" if stays else f"status = '{transition.target}', "
    update = f"""
        update jobs set {status}{transition.effect}, updated_at = now()
        where id = %(id)s and status in ({sources}) and {transition.guard}
        returning *
    """  # noqa: S608
    if not (follows := _side_effects(transition)):
        return update
    return f"with changed as ({update}), {', '.join(follows)} select * from changed"  # noqa: S608


def _side_effects(transition: Transition) -> list[str]:
    """What is written beside the job itself, by the ``changed`` row."""
    follows = list(_EXTRA_CTES.get(transition, ()))
    if transition.claim_outcome:
        follows.append(claims.ended(transition.claim_outcome))
    if transition.credit_action:
        follows.append(
            {"settle": credit_ledger.SETTLE_CTE, "refund": credit_ledger.REFUND_CTE}[
                transition.credit_action
            ]
        )
    return follows


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
