"""webhook_receipts: stored responses to callbacks, so that a replay gets the same response."""

from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from shared.db.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A callback, by its id and the hash of its body, and its response."""

    webhook_id: str
    body_hash: bytes
    answer: dict[str, Any]

    def as_values(self) -> dict[str, object]:
        """Return the parameters of ``KEPT``."""
        return {
            "webhook_id": self.webhook_id,
            "body_hash": self.body_hash,
            "answer": Jsonb(self.answer),
        }


NONE: dict[str, object] = {"webhook_id": None, "body_hash": None, "answer": None}
"""Parameters of ``KEPT`` for a change without a callback."""

KEPT = """
    answered as (
        insert into webhook_receipts (webhook_id, body_hash, answer)
        select %(webhook_id)s, %(body_hash)s::bytea, %(answer)s::jsonb from changed
        where %(webhook_id)s::text is not null
        on conflict (webhook_id) do nothing
    )
"""
"""CTE of ``job_transitions``: store a response with its change. The first response is kept."""


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
