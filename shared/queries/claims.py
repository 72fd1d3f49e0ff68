"""job_claims: every claim that was ever made, and how it ended."""

from typing import Literal
from uuid import UUID

from shared.queries.connection import Connection

Outcome = Literal["completed", "failed", "sent_back", "handed_back", "lapsed"]


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


async def end(connection: Connection, claim_id: UUID, outcome: Outcome) -> None:
    """Record how a claim ended; the first word stands."""
    await connection.execute(
        """
        update job_claims set ended_at = now(), outcome = %(outcome)s
        where claim_id = %(claim_id)s and ended_at is null
        """,
        {"claim_id": claim_id, "outcome": outcome},
    )
