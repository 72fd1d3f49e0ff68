"""workers: those that an operator names, because they start when they are called."""

from shared.contracts.job_catalog import WorkerType
from shared.db.connection import Connection


async def upsert_configured(
    connection: Connection, *, worker_id: str, worker_type: WorkerType, url: str, slots: int
) -> None:
    """Make it known, or change what is known of it. It is never asked whether it is awake."""
    await connection.execute(
        """
        insert into workers (id, worker_type, worker_url, key_id, slots, keeps_awake)
        values (%(id)s, %(worker_type)s, %(url)s, %(id)s, %(slots)s, false)
        on conflict (id) do update
            set worker_type = excluded.worker_type, worker_url = excluded.worker_url,
                slots = excluded.slots, keeps_awake = false, is_active = true, health = 'healthy'
        """,
        {"id": worker_id, "worker_type": worker_type, "url": url, "slots": slots},
    )


async def deactivate(connection: Connection, worker_id: str) -> bool:
    """Send it nothing more; what it runs it may end. False where it is not known."""
    rows = await connection.execute(
        "update workers set is_active = false where id = %(id)s", {"id": worker_id}
    )
    return rows.rowcount > 0
