"""What a process listens to."""

from psycopg import AsyncConnection
from psycopg.rows import TupleRow


async def listen(connection: AsyncConnection[TupleRow]) -> None:
    """Hear the channels of ``idempotency``, outside of any transaction."""
    await connection.execute("listen idempotency")
