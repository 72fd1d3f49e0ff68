"""Snapshot for system-metrics, in one query whose cost hardly grows with the number of jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from shared.contracts.job_catalog import QueueName, WorkerType
from shared.db.connection import Connection, require_row


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """An active worker."""

    id: str
    worker_type: WorkerType
    health: Literal["healthy", "unhealthy"]
    response_ms: int | None
    last_seen: datetime
    slots: int
    is_known: bool
    """Whether its key is valid now, so that jobs may be dispatched to it."""
    jobs: int
    """Unfinished jobs that were sent to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Number of jobs and images of one job type."""

    job_type: str
    jobs: int
    images: int
    elapsed_seconds: float = 0
    """Total time that the jobs have run so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """Jobs of a queue, by state."""

    name: QueueName
    waiting: int
    """Jobs that were not sent to a worker."""
    oldest_waiting_seconds: float | None
    sample: list[Load]
    """Sample of the waiting jobs: at most the hundred oldest and the hundred newest."""
    dispatched: list[Load]
    """Sent to a worker, not started."""
    running: list[Load]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Seconds per image or video of a job type in the last day."""

    job_type: str
    median: float
    slow: float
    """The 90th percentile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Workers, queues and durations at one time."""

    at: datetime
    workers: list[WorkerState]
    queues: list[QueueState]
    durations: list[Duration]


_SNAPSHOT = TypeAdapter(Snapshot)


async def read(
    connection: Connection,
    *,
    queues: Sequence[QueueName],
    job_types: Sequence[str],
    key_ids: Sequence[str],
) -> Snapshot:
    """Read a snapshot.

    Counts are exact. Durations are from the newest 100 jobs of each type.

    Args:
        connection: The connection.
        queues: The queues to include.
        job_types: The job types to include durations of.
        key_ids: The keys that are valid now.
    """
    rows = await connection.execute(
        """
        with held as materialized (
            select queue, worker_id, status, job_type, num_images, case status
                when 'processing' then extract(epoch from now() - (
                    select created_at from job_claims where job_claims.claim_id = jobs.claim_id
                ))
                else 0
            end as seconds
            from jobs
            where status in ('queued', 'processing') and dispatched_at is not null
        ), loads as (
            select queue, status, json_build_object(
                'job_type', job_type, 'jobs', count(*), 'images', sum(num_images),
                'elapsed_seconds', coalesce(sum(seconds), 0)
            ) as load
            from held
            group by queue, status, job_type
        ), queue_objects as (
            select json_build_object(
                'name', name,
                'waiting', (
                    select coalesce(sum(waiting), 0) from user_queues
                    where queue = name and waiting > 0
                ),
                'oldest_waiting_seconds', (
                    select extract(epoch from now() - min(created_at)) from jobs
                    where queue = name and status = 'queued' and dispatched_at is null
                ),
                'sample', (
                    select coalesce(json_agg(json_build_object(
                        'job_type', job_type, 'jobs', jobs, 'images', images
                    )), '[]')
                    from (
                        select job_type, count(*) as jobs, sum(num_images) as images
                        from (
                            (
                                select id, job_type, num_images from jobs
                                where queue = name and status = 'queued' and dispatched_at is null
                                order by created_at limit 100
                            ) union (
                                select id, job_type, num_images from jobs
                                where queue = name and status = 'queued' and dispatched_at is null
                                order by created_at desc limit 100
                            )
                        ) as sampled
                        group by job_type
                    ) as grouped
                ),
                'dispatched', (
                    select coalesce(json_agg(load), '[]') from loads
                    where queue = name and status = 'queued'
                ),
                'running', (
                    select coalesce(json_agg(load), '[]') from loads
                    where queue = name and status = 'processing'
                )
            ) as content
            from unnest(%(queues)s::text[]) as name
        ), duration_objects as (
            select json_build_object(
                'job_type', name, 'median', median, 'slow', slow
            ) as content
            from unnest(%(job_types)s::text[]) as name
            cross join lateral (
                select percentile_cont(0.5) within group (order by seconds) as median,
                    percentile_cont(0.9) within group (order by seconds) as slow
                from (
                    select extract(epoch from completed_at - started_at)::double precision
                        / num_images as seconds
                    from jobs
                    where job_type = name and status = 'completed' and attempts = 1
                        and completed_at > now() - interval '1 day'
                    order by completed_at desc
                    limit 100
                ) as newest
            ) as measured
            where median is not null
        ), worker_objects as (
            select json_build_object(
                'id', id, 'worker_type', worker_type, 'health', health,
                'response_ms', response_ms, 'last_seen', last_seen, 'slots', slots,
                'is_known', key_id = any(%(key_ids)s),
                'jobs', (select count(*) from held where held.worker_id = workers.id)
            ) as content
            from workers
            where is_active
            order by id
        )
        select
            now() as at,
            (select coalesce(json_agg(content), '[]') from worker_objects) as workers,
            (select coalesce(json_agg(content), '[]') from queue_objects) as queues,
            (select coalesce(json_agg(content), '[]') from duration_objects) as durations
        """,
        {"queues": list(queues), "job_types": list(job_types), "key_ids": list(key_ids)},
    )
    return _SNAPSHOT.validate_python(require_row(await rows.fetchone()))
