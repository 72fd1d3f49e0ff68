"""webhook_receipts: what a letter was answered, so that its replay is answered alike."""

from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from shared.db.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A letter and its answer."""

    webhook_id: str
    body_hash: bytes
    answer: dict[str, Any]

    def as_values(self) -> dict[str, object]:
        """For ``KEPT``."""
        return {
            "webhook_id": self.webhook_id,
            "body_hash": self.body_hash,
            "answer": Jsonb(self.answer),
        }


NONE: dict[str, object] = {"webhook_id": None, "body_hash": None, "answer": None}
"""For ``KEPT``, where no letter tells of the change."""

KEPT = """
    answered as (
        insert into webhook_receipts (webhook_id, body_hash, answer)
        select %(webhook_id)s, %(body_hash)s::bytea, %(answer)s::jsonb from changed
        where %(webhook_id)s::text is not null
        on conflict (webhook_id) do nothing
    )
"""
"""Keep an answer with the change that it tells of; the first one stands. A part of ``life``'s."""


async def insert(connection: Connection, receipt: Receipt) -> None:
    """Keep the answer to a letter that changed nothing; the first one stands."""
    await connection.execute(
        """
        insert into webhook_receipts (webhook_id, body_hash, answer)
        values (%(webhook_id)s, %(body_hash)s, %(answer)s)
        on conflict (webhook_id) do nothing
        """,
        receipt.as_values(),
    )
