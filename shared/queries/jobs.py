"""A job's life. Each change is one guarded UPDATE by the database's clock."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shared.contracts.catalogue import Media, Quality, QueueName
from shared.contracts.jobs import Destination, JobStatus
from shared.contracts.letters import ReferenceRole
from shared.queries.connection import Connection, one


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of ``jobs``."""

    id: UUID
    created_at: datetime
    updated_at: datetime
    user_id: UUID
    job_type: str
    status: JobStatus
    queue: QueueName
    model_variant: str
    format: Media
    quality: Quality
    destination: Destination
    metadata: dict[str, Any]
    original_prompt: str
    enhanced_prompt: str | None
    error_message: str | None
    credits: int
    project_id: UUID | None
    video_id: UUID | None
    image_id: UUID | None
    workspace_session_id: UUID | None
    attempts: int
    max_attempts: int
    started_at: datetime | None
    completed_at: datetime | None
    parameters: dict[str, Any]
    num_images: int
    priority: int
    dispatch_no: int
    dispatched_at: datetime | None
    claim_by: datetime | None
    worker_id: str | None
    claim_id: UUID | None
    lease_until: datetime | None
    deadline_at: datetime | None
    expires_at: datetime
    traceparent: str | None
    reference_roles: list[ReferenceRole]

    @property
    def is_open(self) -> bool:
        """Not ended: it may still change."""
        return self.status in {"queued", "processing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What is stored of a request."""

    id: UUID
    user_id: UUID
    job_type: str
    queue: QueueName
    model_variant: str
    format: Media
    quality: Quality
    destination: Destination
    metadata: dict[str, Any]
    original_prompt: str
    enhanced_prompt: str | None
    credits: int
    project_id: UUID | None
    video_id: UUID | None
    image_id: UUID | None
    parameters: dict[str, Any]
    num_images: int
    traceparent: str | None
    reference_roles: list[ReferenceRole] = field(default_factory=list)
    workspace_session_id: UUID | None = None
    priority: int = 0


async def insert(connection: Connection, job: NewJob) -> Job:
    """→ queued. The job waits for its turn."""
    rows = connection.cursor(row_factory=class_row(Job))
    await rows.execute(
        """
        insert into jobs (
            id, user_id, job_type, queue, model_variant, format, quality, destination, metadata,
            original_prompt, enhanced_prompt, credits, project_id, video_id, image_id, parameters,
            num_images, priority, traceparent, workspace_session_id, reference_roles
        ) values (
            %(id)s, %(user_id)s, %(job_type)s, %(queue)s, %(model_variant)s, %(format)s,
            %(quality)s, %(destination)s, %(metadata)s, %(original_prompt)s, %(enhanced_prompt)s,
            %(credits)s, %(project_id)s, %(video_id)s, %(image_id)s, %(parameters)s,
            %(num_images)s, %(priority)s, %(traceparent)s,
            %(workspace_session_id)s, %(reference_roles)s
        )
        returning *
        """,
        {name: _adapted(getattr(job, name)) for name in NewJob.__slots__},
    )
    return one(await rows.fetchone())


async def get(connection: Connection, job_id: UUID) -> Job | None:
    """The job as it stands."""
    rows = connection.cursor(row_factory=class_row(Job))
    await rows.execute("select * from jobs where id = %(id)s", {"id": job_id})
    return await rows.fetchone()


async def count_queued(connection: Connection, user_id: UUID) -> int:
    """How many jobs of the user have not begun."""
    rows = await connection.execute(
        "select count(*) as queued from jobs where user_id = %(user_id)s and status = 'queued'",
        {"user_id": user_id},
    )
    return int(one(await rows.fetchone())["queued"])


async def claim(
    connection: Connection,
    job_id: UUID,
    *,
    claim_id: UUID,
    dispatch_no: int,
    lease_seconds: float,
    run_seconds: float,
) -> Job | None:
    """Queued → processing: this claim runs the job. None where it is not to be had."""
    rows = connection.cursor(row_factory=class_row(Job))
    await rows.execute(
        """
        update jobs
        set status = 'processing',
            attempts = attempts + 1,
            claim_id = %(claim_id)s,
            dispatched_at = coalesce(dispatched_at, now()),
            deadline_at = now() + make_interval(secs => %(run_seconds)s),
            lease_until = now() + make_interval(
                secs => least(%(lease_seconds)s, %(run_seconds)s)::double precision),
            started_at = coalesce(started_at, now()),
            updated_at = now()
        where id = %(id)s and status = 'queued' and dispatch_no = %(dispatch_no)s
            and expires_at > now()
        returning *
        """,
        {
            "id": job_id,
            "claim_id": claim_id,
            "dispatch_no": dispatch_no,
            "lease_seconds": lease_seconds,
            "run_seconds": run_seconds,
        },
    )
    return await rows.fetchone()


async def extend_lease(
    connection: Connection, job_id: UUID, *, claim_id: UUID, lease_seconds: float
) -> bool:
    """A heartbeat: the claim goes on, but never past its deadline. False where it is no more."""
    rows = await connection.execute(
        """
        update jobs
        set lease_until = least(now() + make_interval(secs => %(lease_seconds)s), deadline_at),
            updated_at = now()
        where id = %(id)s and status = 'processing' and claim_id = %(claim_id)s
        """,
        {"id": job_id, "claim_id": claim_id, "lease_seconds": lease_seconds},
    )
    return rows.rowcount > 0


async def complete(connection: Connection, job_id: UUID) -> Job | None:
    """→ completed. None where the job has ended already."""
    rows = connection.cursor(row_factory=class_row(Job))
    await rows.execute(
        """
        update jobs
        set status = 'completed', error_message = null, lease_until = null,
            completed_at = now(), updated_at = now()
        where id = %(id)s and status in ('queued', 'processing')
        returning *
        """,
        {"id": job_id},
    )
    return await rows.fetchone()


async def send_back(
    connection: Connection, job_id: UUID, *, claim_id: UUID, costs_attempt: bool
) -> Job | None:
    """Processing → queued, while an attempt is left. None where it may not.

    A worker that hands its job back because it drains costs no attempt.
    """
    rows = connection.cursor(row_factory=class_row(Job))
    await rows.execute(
        """
        update jobs
        set status = 'queued',
            attempts = attempts - (not %(costs_attempt)s)::integer,
            dispatched_at = null, claim_by = null, claim_id = null, lease_until = null,
            deadline_at = null, updated_at = now()
        where id = %(id)s and status = 'processing' and claim_id = %(claim_id)s
            and (attempts < max_attempts or not %(costs_attempt)s)
        returning *
        """,
        {"id": job_id, "claim_id": claim_id, "costs_attempt": costs_attempt},
    )
    return await rows.fetchone()


async def fail(
    connection: Connection, job_id: UUID, *, claim_id: UUID | None, reason: str
) -> Job | None:
    """→ failed, by the current claim, or by the sweep (``claim_id`` None).

    ``reason`` is for a person to read. None where the job has ended, or is another claim's.
    """
    rows = connection.cursor(row_factory=class_row(Job))
    await rows.execute(
        """
        update jobs
        set status = 'failed', error_message = %(reason)s, lease_until = null,
            completed_at = now(), updated_at = now()
        where id = %(id)s and (
            status = 'processing' and claim_id = %(claim_id)s
            or %(claim_id)s::uuid is null and status in ('queued', 'processing')
        )
        returning *
        """,
        {"id": job_id, "claim_id": claim_id, "reason": reason},
    )
    return await rows.fetchone()


def _adapted(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict) else value
