"""Apply the transitions of ``job_state_machine``, except DISPATCH (see ``dispatch``).

Each is one atomic statement and one round trip: a guarded UPDATE with its side effects, such as the
outcome of the claim and the settlement of the credits. Rows are locked in the order job, owner's
profile, user's row of ``user_queues``, so that two statements cannot deadlock. Each function
returns the changed job, or None if the guard did not hold and nothing was changed.
"""

from collections.abc import Sequence
from textwrap import dedent, indent
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shared.contracts.worker_protocol import ReportedAsset
from shared.db.connection import Connection
from shared.db.queries import callbacks, job_state_machine
from shared.db.queries.callbacks import Receipt
from shared.db.queries.job_state_machine import Transition
from shared.db.queries.jobs import Job


def asset_row(
    asset: ReportedAsset, *, crc32c: str, generation: int, thumbnail_generation: int
) -> dict[str, Any]:
    """Return an asset with its bucket metadata as ``complete`` takes it."""
    return {
        "asset_index": asset.asset_index,
        "temp_storage_path": asset.temp_storage_path,
        "thumbnail_path": asset.thumbnail_path,
        "file_size_bytes": asset.file_size_bytes,
        "mime_type": asset.mime_type,
        "crc32c": crc32c,
        "generation": generation,
        "thumbnail_generation": thumbnail_generation,
        "width": asset.width,
        "height": asset.height,
        "duration_seconds": asset.duration_seconds,
        "seed": asset.seed,
        "generation_settings": asset.generation_settings,
    }


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

    The lease ends after ``lease_seconds`` unless it is renewed, the attempt after ``run_seconds``.
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
    """Heartbeat: renew the lease, but not past the claim's deadline, and record the progress."""
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

    ``made`` holds rows of ``asset_row``; ``receipt`` is stored if there is one.
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

    The first ``job_state_machine.MAX_FREE_REQUEUES`` of a job cost no attempt. Each further one
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
    await rows.execute(STATEMENTS[transition], {"id": job_id, "claim_id": None, **values})
    return await rows.fetchone()


def _statement(transition: Transition) -> str:
    """Compose the statement from constants. An unchanged status is not set, to run no trigger."""
    sources = ", ".join(f"'{source}'" for source in transition.sources)
    sets = [dedent(transition.effect).strip(), "updated_at = now()"]
    if transition.sources != (transition.target,):
        sets.insert(0, f"status = '{transition.target}'")
    conditions = ["id = %(id)s", f"status in ({sources})", transition.guard]
    changed = "\n".join(
        [
            "update jobs set",
            indent(",\n".join(sets), "    "),
            f"where {' and '.join(conditions)}",
            "returning *",
        ]
    )
    effects = _side_effects(transition)
    if not effects:
        return changed
    ctes = [
        f"changed as (\n{indent(changed, '    ')}\n)",
        *(dedent(cte).strip() for cte in effects),
    ]
    return f"with {', '.join(ctes)}\nselect * from changed"


def _side_effects(transition: Transition) -> list[str]:
    """Return the CTEs that write to other tables, from the ``changed`` row."""
    effects: list[str] = []
    if transition is job_state_machine.CLAIM:
        effects.append(_RECORD_CLAIM)
    if transition in {job_state_machine.CLAIM, job_state_machine.HEARTBEAT}:
        effects.append(_RECORD_PROGRESS)
    if transition is job_state_machine.COMPLETE:
        effects += [_INSERT_ASSETS, _INSERT_RECEIPT]
    if transition.claim_outcome:
        effects.append(_RECORD_OUTCOME.format(outcome=transition.claim_outcome))
    if transition.credit_action:
        effects.append(_SETTLE if transition.credit_action == "settle" else _REFUND)
    return effects


_RECORD_CLAIM = """
    claimed as (
        insert into job_claims (job_id, claim_id, attempt, worker_id)
        select id, claim_id, attempts, worker_id from changed where worker_id is not null
    )
"""

_RECORD_OUTCOME = """
    ended as (
        update job_claims
        set ended_at = coalesce(ended_at, now()),
            outcome = case when job_claims.claim_id = subject.claim_id then '{outcome}'
                else 'superseded' end
        from (
            select id, status, coalesce(%(claim_id)s, claim_id) as claim_id from changed
        ) as subject
        where job_claims.job_id = subject.id and (
            job_claims.claim_id = subject.claim_id
                and (ended_at is null or '{outcome}' = 'completed')
            or job_claims.claim_id <> subject.claim_id
                and ended_at is null and subject.status not in ('queued', 'processing')
        )
    )
"""
"""The claim is ``claim_id`` or, without it, the job's current one. The first outcome is kept,
except for a late completion. If the job has finished, its other open claims are superseded. A
claim that is made at the same moment may stay open in this table, which is only a record."""

_RECORD_PROGRESS = """
    reported as (
        insert into job_progress (job_id, progress, step, steps, preview_path)
        select id, %(progress)s::real, %(step)s::integer, %(steps)s::integer, %(preview_path)s
        from changed
        on conflict (job_id) do update
            set progress = excluded.progress, step = excluded.step, steps = excluded.steps,
                preview_path = excluded.preview_path, updated_at = now()
    )
"""
"""A new attempt starts again at 0."""

_INSERT_ASSETS = """
    assets as (
        insert into workspace_assets (
            user_id, job_id, asset_index, asset_type, temp_storage_path, thumbnail_path,
            file_size_bytes, mime_type, crc32c, generation, thumbnail_generation, width, height,
            duration_seconds, generation_seed, original_prompt, model_used, generation_settings,
            promotion
        )
        select
            changed.user_id, changed.id, asset_index, format, temp_storage_path, thumbnail_path,
            file_size_bytes, mime_type, crc32c, generation, thumbnail_generation, width, height,
            duration_seconds, seed, original_prompt, model_variant, generation_settings,
            case destination when 'library' then 'pending' else 'none' end
        from changed cross join jsonb_to_recordset(%(assets)s) as asset (
            asset_index integer, temp_storage_path text, thumbnail_path text,
            file_size_bytes bigint, mime_type text, crc32c text, generation bigint,
            thumbnail_generation bigint, width integer, height integer, duration_seconds real,
            seed bigint, generation_settings jsonb
        )
    )
"""

_INSERT_RECEIPT = """
    receipt as (
        insert into webhook_receipts (webhook_id, body_hash, answer)
        select %(webhook_id)s, %(body_hash)s::bytea, %(answer)s::jsonb from changed
        where %(webhook_id)s::text is not null
        on conflict (webhook_id) do nothing
    )
"""
"""The first response is kept."""

_SETTLE = """
    settled as (
        insert into credit_ledger (user_id, job_id, kind, amount, balance_after)
        select changed.user_id, changed.id, 'settle', 0, profiles.token_balance
        from changed
        join credit_ledger on credit_ledger.job_id = changed.id and kind = 'reserve'
            and credit_ledger.user_id = changed.user_id
        join profiles on profiles.id = changed.user_id
    )
"""
"""The reserved credits are spent."""

_REFUND = """
    credited as (
        update profiles set token_balance = token_balance - reserved.amount
        from changed
        join credit_ledger as reserved on reserved.job_id = changed.id and kind = 'reserve'
            and reserved.user_id = changed.user_id
        where profiles.id = changed.user_id
        returning profiles.id as user_id, reserved.job_id, -reserved.amount as amount, token_balance
    ), refunded as (
        insert into credit_ledger (user_id, job_id, kind, amount, balance_after)
        select user_id, job_id, 'refund', amount, token_balance from credited
    )
"""
"""The reserved credits are given back. A unique index of the ledger allows it once."""

STATEMENTS = {
    transition: _statement(transition)
    for transition in job_state_machine.TABLE.values()
    if transition is not job_state_machine.DISPATCH
}
"""The whole statement of each transition; docs/reports/job-statements.md prints them."""
