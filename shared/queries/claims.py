"""job_claims: every claim that was ever made, and how it ended."""

from uuid import UUID

from shared.queries.connection import Connection
from shared.queries.transitions import Outcome


async def insert(
    connection: Connection, *, job_id: UUID, claim_id: UUID, attempt: int, worker_id: str
) -> None:
    """Record a claim."""
    await connection.execute(
        """
        insert into job_claims (job_id, claim_id, attempt, worker_id)
        values (%(job_id)s, %(claim_id)s, %(attempt)s, %(worker_id)s)
        """,
        {"job_id": job_id, "claim_id": claim_id, "attempt": attempt, "worker_id": worker_id},
    )


async def is_of_key(connection: Connection, *, job_id: UUID, claim_id: UUID, key_id: str) -> bool:
    """Whether that claim was made for that job, under that worker's key."""
    rows = await connection.execute(
        """
        select from job_claims
        join workers on workers.id = job_claims.worker_id
        where job_id = %(job_id)s and claim_id = %(claim_id)s and key_id = %(key_id)s
        """,
        {"job_id": job_id, "claim_id": claim_id, "key_id": key_id},
    )
    return rows.rowcount > 0


async def end(
    connection: Connection, job_id: UUID, claim_id: UUID, outcome: Outcome, *, is_last: bool
) -> None:
    """Record how a claim ended; the first word stands, but for a late completion.

    ``is_last``: the job has ended with it, and any other claim that is still open is superseded.
    """
    await connection.execute(
        """
        update job_claims
        set ended_at = coalesce(ended_at, now()),
            outcome = case claim_id when %(claim_id)s then %(outcome)s else 'superseded' end
        where job_id = %(job_id)s and (
            claim_id = %(claim_id)s and (ended_at is null or %(outcome)s = 'completed')
            or claim_id <> %(claim_id)s and ended_at is null and %(is_last)s
        )
        """,
        {"job_id": job_id, "claim_id": claim_id, "outcome": outcome, "is_last": is_last},
    )
