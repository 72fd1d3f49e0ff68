"""jobs: insert and select. ``job_transitions`` changes them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shared.contracts.job_catalog import MediaType, Quality, QueueName
from shared.contracts.jobs import Destination, JobStatus
from shared.contracts.worker_protocol import ReferenceRole
from shared.db.connection import Connection, require_row
from shared.db.queries import credit_ledger


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
    format: MediaType
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
    cleanup_after: datetime | None
    retry_of: UUID | None

    @property
    def is_open(self) -> bool:
        """Whether the job has not finished."""
        return self.status in {"queued", "processing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """The columns of a job that are set when it is inserted."""

    id: UUID
    user_id: UUID
    job_type: str
    queue: QueueName
    model_variant: str
    format: MediaType
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
    retry_of: UUID | None = None


class InsertedJob(NamedTuple):
    """A new job, and the number of unfinished jobs of its queue, including it."""

    job: Job
    queue_length: int


_INSERT = f"""
    with {credit_ledger.DEBIT_CTE}, stored as (
        insert into jobs (
            id, user_id, job_type, queue, model_variant, format, quality, destination, metadata,
            original_prompt, enhanced_prompt, credits, project_id, video_id, image_id, parameters,
            num_images, priority, traceparent, workspace_session_id, reference_roles, retry_of
        )
        select
            %(id)s, %(user_id)s, %(job_type)s, %(queue)s, %(model_variant)s, %(format)s,
            %(quality)s, %(destination)s, %(metadata)s, %(original_prompt)s, %(enhanced_prompt)s,
            %(credits)s, %(project_id)s, %(video_id)s, %(image_id)s, %(parameters)s,
            %(num_images)s, %(priority)s, %(traceparent)s,
            %(workspace_session_id)s, %(reference_roles)s, %(retry_of)s
        from taken
        returning *
    ), {credit_ledger.RESERVE_CTE}
    select stored.*, (
        select coalesce(sum(waiting + running), 0)::integer + 1 from user_queues
        where queue = %(queue)s
    ) as queue_length
    from stored
"""  # noqa: S608 - constants


async def insert_job(
    connection: Connection, job: NewJob, *, max_queued: int | None
) -> InsertedJob | None:
    """Insert a queued job, reserve its credits and log the usage.

    None, without any change, if the balance is too low, if the user has no profile yet, or if
    ``max_queued`` jobs of the user are queued already.
    """
    values = {name: _to_parameter(getattr(job, name)) for name in NewJob.__slots__}
    rows = await connection.execute(_INSERT, {**values, "max_queued": max_queued})
    row = await rows.fetchone()
    if row is None:
        return None
    queue_length = row.pop("queue_length")
    return InsertedJob(Job(**row), queue_length)


async def count_queued(connection: Connection, user_id: UUID) -> int:
    """Return how many of the user's jobs have not started."""
    rows = await connection.execute(
        "select private.queued_jobs(%(user_id)s) as queued", {"user_id": user_id}
    )
    queued: int = require_row(await rows.fetchone())["queued"]
    return queued


async def get(connection: Connection, job_id: UUID) -> Job | None:
    """Return a job; None if it does not exist."""
    rows = connection.cursor(row_factory=class_row(Job))
    await rows.execute("select * from jobs where id = %(id)s", {"id": job_id})
    return await rows.fetchone()


async def lock(connection: Connection, job_id: UUID, *, user_id: UUID) -> bool:
    """Lock a user's job until the end of the transaction. False if it does not exist."""
    rows = await connection.execute(
        "select from jobs where id = %(id)s and user_id = %(user_id)s for update",
        {"id": job_id, "user_id": user_id},
    )
    return rows.rowcount > 0


async def latest_retry(connection: Connection, job_id: UUID) -> Job:
    """Return the latest retry of a locked job, or the job itself if it was not retried."""
    rows = connection.cursor(row_factory=class_row(Job))
    await rows.execute(
        """
        with recursive tries as (
            select id, 0 as turn from jobs where id = %(id)s
            union all
            select jobs.id, turn + 1 from jobs join tries on jobs.retry_of = tries.id
        )
        select jobs.* from jobs where id = (select id from tries order by turn desc limit 1)
        """,
        {"id": job_id},
    )
    return require_row(await rows.fetchone())


def _to_parameter(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict) else value
