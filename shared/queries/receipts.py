"""webhook_receipts: what a letter was answered, so that its replay is answered alike."""

from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from shared.queries.connection import Connection


class Receipt(NamedTuple):
    """An answered letter."""

    body_hash: bytes
    answer: dict[str, Any]


async def get(connection: Connection, webhook_id: str) -> Receipt | None:
    """The receipt of that letter, where it was answered 2xx."""
    rows = await connection.execute(
        "select body_hash, answer from webhook_receipts where webhook_id = %(id)s",
        {"id": webhook_id},
    )
    row = await rows.fetchone()
    return Receipt(bytes(row["body_hash"]), row["answer"]) if row else None


async def insert(
    connection: Connection, webhook_id: str, *, body_hash: bytes, answer: dict[str, Any]
) -> None:
    """Keep an answer, with the change that it tells of; the first one stands."""
    await connection.execute(
        """
        insert into webhook_receipts (webhook_id, body_hash, answer)
        values (%(id)s, %(body_hash)s, %(answer)s)
        on conflict (webhook_id) do nothing
        """,
        {"id": webhook_id, "body_hash": body_hash, "answer": Jsonb(answer)},
    )
