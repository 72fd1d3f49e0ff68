"""event_tickets: single-use tickets for event streams of clients that cannot send headers."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from shared.db.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The user that a ticket was issued to."""

    user_id: UUID
    token_expires_at: float
    """The ``exp`` of the user's token when the ticket was issued."""


async def insert(
    connection: Connection,
    ticket: str,
    *,
    user_id: UUID,
    seconds: float,
    token_expires_at: float,
) -> None:
    """Store the hash of a ticket that is valid for ``seconds``."""
    await connection.execute(
        """
        insert into event_tickets (digest, user_id, expires_at, token_expires_at)
        values (%(digest)s, %(user_id)s, now() + make_interval(secs => %(seconds)s),
            to_timestamp(%(token_expires_at)s))
        """,
        {
            "digest": _digest(ticket),
            "user_id": user_id,
            "seconds": seconds,
            "token_expires_at": token_expires_at,
        },
    )


async def redeem(connection: Connection, ticket: str) -> Ticket | None:
    """Redeem and delete a ticket. None if it is unknown, used or expired."""
    rows = connection.cursor(row_factory=class_row(Ticket))
    await rows.execute(
        """
        delete from event_tickets
        where digest = %(digest)s and expires_at > now() and token_expires_at > now()
        returning user_id, extract(epoch from token_expires_at)::double precision
            as token_expires_at
        """,
        {"digest": _digest(ticket)},
    )
    return await rows.fetchone()


def _digest(ticket: str) -> bytes:
    """Return the stored hash of a ticket. A ticket is random, so it needs no salt."""
    return hashlib.sha256(ticket.encode()).digest()
