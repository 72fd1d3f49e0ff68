"""Dispatch: which jobs run next. The caller holds the queue's lock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from shared.contracts.catalogue import QueueName
from shared.contracts.letters import ReferenceRole
from shared.queries.connection import Connection, one


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """A job that was given a slot, with what its message needs."""

    id: UUID
    user_id: UUID
    job_type: str
    parameters: dict[str, Any]
    dispatch_no: int
    expires_at: datetime
    traceparent: str | None
    reference_roles: list[ReferenceRole]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A job that is to be given a slot."""

    id: UUID
    job_type: str
    num_images: int


async def lock(connection: Connection, queue: QueueName) -> None:
    """One fill of a queue at a time, until the transaction ends."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtext('dispatch'), hashtext(%(queue)s))", {"queue": queue}
    )


async def count_open(connection: Connection, queue: QueueName) -> int:
    """Jobs of that queue not yet ended."""
    rows = await connection.execute(
        """
        select coalesce(sum(waiting + running), 0) as open from turns where queue = %(queue)s
        """,
        {"queue": queue},
    )
    row = await rows.fetchone()
    return int(row["open"]) if row else 0


async def is_anyone_waiting(connection: Connection, queue: QueueName) -> bool:
    """Whether there is a job to dispatch."""
    rows = await connection.execute(
        "select from turns where queue = %(queue)s and waiting > 0 limit 1", {"queue": queue}
    )
    return rows.rowcount > 0


async def first_by_priority(connection: Connection, queue: QueueName) -> Waiting | None:
    """The job that comes before all turns, if there is one. Its row is locked."""
    rows = connection.cursor(row_factory=class_row(Waiting))
    await rows.execute(
        """
        select id, job_type, num_images from jobs
        where queue = %(queue)s and status = 'queued' and dispatched_at is null and priority > 0
        order by priority desc, created_at
        limit 1
        for update skip locked
        """,
        {"queue": queue},
    )
    return await rows.fetchone()


async def first_by_turn(connection: Connection, queue: QueueName) -> Waiting | None:
    """Whose turn it is: whoever runs fewest goes first, then whoever was served longest ago.

    It is that user's oldest job. Its row is locked.
    """
    rows = connection.cursor(row_factory=class_row(Waiting))
    await rows.execute(
        """
        select oldest.* from (
            select user_id, running, served_at from turns
            where queue = %(queue)s and waiting > 0
            order by running, served_at
            limit 4
        ) as turn
        cross join lateral (
            select id, job_type, num_images from jobs
            where queue = %(queue)s and user_id = turn.user_id and status = 'queued'
                and dispatched_at is null and priority = 0
            order by created_at
            limit 1
            for update skip locked
        ) as oldest
        order by running, served_at
        limit 1
        """,
        {"queue": queue},
    )
    return await rows.fetchone()


async def give_slot(
    connection: Connection, job_id: UUID, *, worker_id: str, claim_seconds: float
) -> Dispatched:
    """Stays queued, and takes a slot of that worker until it is claimed or ``claim_by`` passes.

    The caller has locked the row while it waited.
    """
    rows = connection.cursor(row_factory=class_row(Dispatched))
    await rows.execute(
        """
        update jobs
        set worker_id = %(worker_id)s,
            dispatch_no = dispatch_no + 1,
            dispatched_at = now(),
            claim_by = now() + make_interval(secs => %(claim_seconds)s),
            updated_at = now()
        where id = %(id)s and status = 'queued' and dispatched_at is null
        returning id, user_id, job_type, parameters, dispatch_no, expires_at, traceparent,
            reference_roles
        """,
        {"id": job_id, "worker_id": worker_id, "claim_seconds": claim_seconds},
    )
    return one(await rows.fetchone())


async def take_slot_back(connection: Connection, job_id: UUID, *, dispatch_no: int) -> None:
    """The task could not be made: the job waits again, and the sweep tries again."""
    await connection.execute(
        """
        update jobs set dispatched_at = null, claim_by = null, updated_at = now()
        where id = %(id)s and status = 'queued' and dispatch_no = %(dispatch_no)s
        """,
        {"id": job_id, "dispatch_no": dispatch_no},
    )
