"""workers: register workers and record their health."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from shared.contracts.job_catalog import WorkerType
from shared.db.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A worker URL to probe; several rows with the same key may share it."""

    worker_url: str
    key_id: str
    probed_at: datetime


async def key_of(connection: Connection, worker_id: str) -> str | None:
    """Return the key that a worker registered with; None if it never registered."""
    rows = await connection.execute(
        "select key_id from workers where id = %(id)s", {"id": worker_id}
    )
    row = await rows.fetchone()
    return row["key_id"] if row else None


async def register(
    connection: Connection,
    *,
    worker_id: str,
    worker_type: WorkerType,
    worker_url: str,
    key_id: str,
    models: list[str],
    slots: int,
    response_ms: int,
) -> bool:
    """Insert or update a worker. False if the id belongs to another key or worker type."""
    rows = await connection.execute(
        """
        insert into workers (id, worker_type, worker_url, key_id, models, slots, response_ms)
        values (%(id)s, %(worker_type)s, %(worker_url)s, %(key_id)s, %(models)s, %(slots)s,
            %(response_ms)s)
        on conflict (id) do update
            set worker_url = excluded.worker_url, models = excluded.models,
                slots = excluded.slots, response_ms = excluded.response_ms,
                is_active = true, health = 'healthy', last_seen = now()
            where workers.key_id = excluded.key_id
                and workers.worker_type = excluded.worker_type
        """,
        {
            "id": worker_id,
            "worker_type": worker_type,
            "worker_url": worker_url,
            "key_id": key_id,
            "models": models,
            "slots": slots,
            "response_ms": response_ms,
        },
    )
    return rows.rowcount > 0


async def to_probe(connection: Connection, *, limit: int) -> list[Probe]:
    """Return the URLs of active always-on workers, the least recently seen first.

    Workers that start on demand are not included.
    """
    rows = connection.cursor(row_factory=class_row(Probe))
    await rows.execute(
        """
        select worker_url, key_id, now() as probed_at from workers
        where is_active and is_always_on
        group by worker_url, key_id
        order by min(last_seen)
        limit %(limit)s
        """,
        {"limit": limit},
    )
    return await rows.fetchall()


async def mark_healthy(connection: Connection, probe: Probe, *, response_ms: int) -> int:
    """Mark the workers at a URL as healthy; return the number of rows."""
    rows = await connection.execute(
        """
        update workers
        set health = 'healthy', last_seen = now(), response_ms = %(response_ms)s
        where worker_url = %(url)s and key_id = %(key_id)s and is_active and is_always_on
        """,
        {"url": probe.worker_url, "key_id": probe.key_id, "response_ms": response_ms},
    )
    return rows.rowcount


async def mark_unresponsive(connection: Connection, probe: Probe, *, unseen_seconds: float) -> int:
    """Mark the workers at a URL as unhealthy; return the number of rows.

    Workers not seen for ``unseen_seconds`` are deactivated and no longer probed. A worker that was
    seen after the probe started stays unchanged.
    """
    rows = await connection.execute(
        """
        update workers
        set health = 'unhealthy',
            is_active = last_seen > now() - make_interval(secs => %(unseen_seconds)s)
        where worker_url = %(url)s and key_id = %(key_id)s and is_active and is_always_on
            and last_seen < %(probed_at)s
        """,
        {
            "url": probe.worker_url,
            "key_id": probe.key_id,
            "probed_at": probe.probed_at,
            "unseen_seconds": unseen_seconds,
        },
    )
    return rows.rowcount


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
