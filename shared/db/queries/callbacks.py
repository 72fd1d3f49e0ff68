"""webhook_receipts: stored responses to callbacks, so that a replay gets the same response."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db.connection import Connection, require_row
from shared.db.queries.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A callback, by its id and the hash of its body, and its response."""

    webhook_id: str
    body_hash: bytes
    answer: dict[str, Any]

    def as_values(self) -> dict[str, object]:
        """Return the parameters of the statements that store it."""
        return {
            "webhook_id": self.webhook_id,
            "body_hash": self.body_hash,
            "answer": Jsonb(self.answer),
        }


NONE: dict[str, object] = {"webhook_id": None, "body_hash": None, "answer": None}
"""The parameters without a receipt."""


async def insert(connection: Connection, receipt: Receipt) -> None:
    """Store the response to a callback that changed nothing. The first response is kept."""
    await connection.execute(
        """
        insert into webhook_receipts (webhook_id, body_hash, answer)
        values (%(webhook_id)s, %(body_hash)s, %(answer)s)
        on conflict (webhook_id) do nothing
        """,
        receipt.as_values(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackContext:
    """A callback's job, and what connects it with the worker that sent the callback."""

    job: Job | None
    is_dispatched_to_worker: bool
    """The job was last dispatched to a worker with the sender's key."""
    is_claimed_by_worker: bool
    """The claim belongs to the job and was made with the sender's key."""
    receipt: Receipt | None
    """The stored response to this callback, if it was received before."""


async def load_context(
    connection: Connection, *, job_id: UUID, claim_id: UUID, key_id: str, webhook_id: str
) -> CallbackContext:
    """Load the context of a callback.

    Args:
        connection: The connection.
        job_id: The job that the callback names.
        claim_id: The claim that the callback names.
        key_id: The key that signed the callback.
        webhook_id: The id of the callback.
    """
    rows = await connection.execute(
        """
        select
            jobs.*,
            exists (
                select from workers where id = jobs.worker_id and key_id = %(key_id)s
            ) as was_sent,
            exists (
                select from job_claims join workers on workers.id = job_claims.worker_id
                where job_id = %(job_id)s and job_claims.claim_id = %(claim_id)s
                    and key_id = %(key_id)s
            ) as was_claimed,
            body_hash, answer
        from (values (%(job_id)s, %(webhook_id)s::text)) as request (job_id, webhook_id)
        left join jobs on jobs.id = request.job_id
        left join webhook_receipts using (webhook_id)
        """,
        {"job_id": job_id, "claim_id": claim_id, "key_id": key_id, "webhook_id": webhook_id},
    )
    row = require_row(await rows.fetchone())
    was_sent, was_claimed = row.pop("was_sent"), row.pop("was_claimed")
    body_hash, answer = row.pop("body_hash"), row.pop("answer")
    return CallbackContext(
        job=Job(**row) if row["id"] else None,
        is_dispatched_to_worker=was_sent,
        is_claimed_by_worker=was_claimed,
        receipt=Receipt(webhook_id=webhook_id, body_hash=bytes(body_hash), answer=answer)
        if body_hash is not None
        else None,
    )
