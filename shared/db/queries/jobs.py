"""jobs: insert and select. ``job_transitions`` changes them."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shared.contracts.job_catalog import MediaType, Quality, QueueName
from shared.contracts.jobs import Destination, JobStatus
from shared.contracts.worker_protocol import ReferenceRole
from shared.db.connection import Connection, require_row


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """The columns of ``jobs`` that are set when a job is inserted."""

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
    enhanced_prompt: str | None = None
    credits: int
    project_id: UUID | None = None
    video_id: UUID | None = None
    image_id: UUID | None = None
    parameters: dict[str, Any]
    num_images: int
    traceparent: str | None
    reference_roles: list[ReferenceRole] = field(default_factory=list)
    workspace_session_id: UUID | None = None
    priority: int = 0
    retry_of: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(NewJob):
    """A row of ``jobs``."""

    created_at: datetime
    updated_at: datetime
    status: JobStatus
    error_message: str | None
    attempts: int
    max_attempts: int
    started_at: datetime | None
    completed_at: datetime | None
    dispatch_no: int
    dispatched_at: datetime | None
    claim_by: datetime | None
    worker_id: str | None
    claim_id: UUID | None
    lease_until: datetime | None
    deadline_at: datetime | None
    expires_at: datetime
    cleanup_after: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether the job has not finished."""
        return self.status in {"queued", "processing"}


@dataclass(frozen=True, slots=True)
class InsertedJob:
    """A new job, and the number of unfinished jobs of its queue, including it."""

    job: Job
    queue_length: int


_COLUMNS = [column.name for column in fields(NewJob)]

_INSERT = f"""
    with taken as (
        update profiles set token_balance = token_balance - %(credits)s
        where id = %(user_id)s and token_balance >= %(credits)s
            and (%(max_queued)s::integer is null or private.queued_jobs(id) < %(max_queued)s)
        returning token_balance
    ), stored as (
        insert into jobs ({", ".join(_COLUMNS)})
        select {", ".join(f"%({name})s" for name in _COLUMNS)} from taken
        returning *
    ), used as (
        insert into usage_logs (user_id, job_id, action, format, quality, credits_consumed)
        select user_id, id, 'queue_job', format, quality, credits from stored
    ), reserved as (
        insert into credit_ledger (user_id, job_id, kind, amount, balance_after)
        select user_id, id, 'reserve', -credits, token_balance from stored cross join taken
    )
    select stored.*, (
        select coalesce(sum(waiting + running), 0)::integer + 1 from user_queues
        where queue = %(queue)s
    ) as queue_length
    from stored
"""  # noqa: S608 - constants
"""``taken`` debits the credits. It has no row if the balance is too low, if the user has no profile
yet, or if the user has ``max_queued`` jobs queued; the lock of the profile makes that count exact.
The profile is locked before the user's row of ``user_queues``, as in ``job_transitions``, so that
two statements cannot deadlock. ``used`` logs the usage for the owner's statistics.
"""


async def insert_job(
    connection: Connection, job: NewJob, *, max_queued: int | None
) -> InsertedJob | None:
    """Insert a queued job, reserve its credits and log the usage.

    None, without any change, if the balance is too low, if the user has no profile yet, or if
    ``max_queued`` jobs of the user are queued already.
    """
    values = {name: _to_parameter(getattr(job, name)) for name in _COLUMNS}
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
