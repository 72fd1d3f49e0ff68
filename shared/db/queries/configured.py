"""workers: those configured by an operator, which start on demand (scale to zero)."""

from shared.contracts.job_catalog import WorkerType
from shared.db.connection import Connection


async def upsert_configured(
    connection: Connection, *, worker_id: str, worker_type: WorkerType, url: str, slots: int
) -> None:
    """Insert or update a configured worker. Such workers are never probed."""
    await connection.execute(
        """
        insert into workers (id, worker_type, worker_url, key_id, slots, is_always_on)
        values (%(id)s, %(worker_type)s, %(url)s, %(id)s, %(slots)s, false)
        on conflict (id) do update
            set worker_type = excluded.worker_type, worker_url = excluded.worker_url,
                slots = excluded.slots, is_always_on = false, is_active = true, health = 'healthy'
        """,
        {"id": worker_id, "worker_type": worker_type, "url": url, "slots": slots},
    )


async def deactivate(connection: Connection, worker_id: str) -> bool:
    """Stop dispatching to a worker; its running jobs continue. False if the worker is unknown."""
    rows = await connection.execute(
        "update workers set is_active = false where id = %(id)s", {"id": worker_id}
    )
    return rows.rowcount > 0
