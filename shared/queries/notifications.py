"""What a process listens to."""

from typing import Literal, LiteralString

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

Channel = Literal["events", "idempotency"]

_LISTEN: dict[Channel, LiteralString] = {
    "events": "listen events",
    "idempotency": "listen idempotency",
}


async def listen(connection: AsyncConnection[TupleRow], channel: Channel) -> None:
    """Hear a channel, outside of any transaction."""
    await connection.execute(_LISTEN[channel])
