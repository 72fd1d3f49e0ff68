"""LISTEN statements of the notification channels."""

from typing import Literal, LiteralString

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

Channel = Literal["events", "idempotency"]

_LISTEN: dict[Channel, LiteralString] = {
    "events": "listen events",
    "idempotency": "listen idempotency",
}


async def listen(connection: AsyncConnection[TupleRow], channel: Channel) -> None:
    """Listen to a channel, outside of any transaction. Sets timeouts for the connection."""
    await connection.execute(
        """
        select set_config('statement_timeout', '10s', false),
               set_config('lock_timeout', '5s', false),
               set_config('idle_in_transaction_session_timeout', '15s', false)
        """
    )
    await connection.execute(_LISTEN[channel])
