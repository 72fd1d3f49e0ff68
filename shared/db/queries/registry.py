"""workers, for whoever looks for one: where it can be reached, and whether it is known."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from shared.contracts.job_catalog import WorkerType
from shared.db.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where a worker was heard of, and when."""

    worker_url: str
    last_seen: datetime


async def seen_last(
    connection: Connection, worker_type: WorkerType, *, key_ids: list[str]
) -> Reached | None:
    """Of the healthy active workers of that type and those keys, the one heard of last."""
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
    """Whether a worker of that key has ever made itself known."""
    rows = await connection.execute(
        "select from workers where key_id = %(key_id)s limit 1", {"key_id": key_id}
    )
    return rows.rowcount > 0
