"""workers: look up a worker's URL, and whether a key is registered."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from shared.contracts.job_catalog import WorkerType
from shared.db.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A worker's URL and when it was last seen."""

    worker_url: str
    last_seen: datetime


async def seen_last(
    connection: Connection, worker_type: WorkerType, *, key_ids: list[str]
) -> Reached | None:
    """Return the most recently seen healthy active worker of a type with one of the keys."""
    rows = connection.cursor(row_factory=class_row(Reached))
    await rows.execute(
        """
        select worker_url, last_seen from workers
        where worker_type = %(worker_type)s and key_id = any(%(key_ids)s)
            and is_active and health = 'healthy'
        order by last_seen desc, id
        limit 1
        """,
        {"worker_type": worker_type, "key_ids": key_ids},
    )
    return await rows.fetchone()


async def is_registered(connection: Connection, *, key_id: str) -> bool:
    """Return whether a worker has ever registered with the key."""
    rows = await connection.execute(
        "select from workers where key_id = %(key_id)s limit 1", {"key_id": key_id}
    )
    return rows.rowcount > 0
