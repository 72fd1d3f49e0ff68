"""Dispatch: which jobs run next. The caller holds the queue's lock."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import class_row

from shared.contracts.catalogue import QueueName
from shared.queries.connection import Connection, one
from shared.queries.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A job that is to be given a slot."""

    id: UUID
    job_type: str
    num_images: int


class Address(NamedTuple):
    """Where a worker is, and whose key it holds."""

    url: str
    key_id: str


class Line(NamedTuple):
    """A queue's length, in jobs."""

    waiting: int
    """Those that hold no slot."""
    open: int
    """All that have not ended."""
    queued_by_user: int
    """Those of one user that have not begun, in any queue."""
    is_locked: bool
    """One job waits at most, and ``lock`` is held: whoever looks so may give it a slot."""


async def lock(connection: Connection, queue: QueueName) -> None:
    """One fill of a queue at a time, until the transaction ends."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtext('dispatch'), hashtext(%(queue)s))", {"queue": queue}
    )


async def line(connection: Connection, queue: QueueName, *, user_id: UUID) -> Line:
    """How long the queue is, and how much of what waits anywhere is that user's.

    It locks the queue where nobody else does, and at most one job waits there.
    """
    rows = connection.cursor(row_factory=class_row(Line))
    await rows.execute(
        """
        select waiting, open, queued_by_user,
            waiting < 2 and pg_try_advisory_xact_lock(
                hashtext('dispatch'), hashtext(%(queue)s)
            ) as is_locked
        from (
            select coalesce(sum(waiting), 0)::integer as waiting,
                coalesce(sum(waiting + running), 0)::integer as open,
                (
                    select count(*) from jobs where user_id = %(user_id)s and status = 'queued'
                )::integer as queued_by_user
            from turns where queue = %(queue)s
        ) as line
        """,
        {"queue": queue, "user_id": user_id},
    )
    return one(await rows.fetchone())


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


async def unclaimed(
    connection: Connection, *, seconds: float, most: int
) -> list[tuple[Job, Address]]:
    """Jobs that were dispatched so long ago and are not claimed, with their workers' addresses."""
    rows = await connection.execute(
        """
        select jobs.*, worker_url, key_id
        from jobs join workers on workers.id = jobs.worker_id
        where status = 'queued' and dispatched_at < now() - make_interval(secs => %(seconds)s)
            and claim_by >= now()
        order by claim_by
        limit %(most)s
        """,
        {"seconds": seconds, "most": most},
    )
    return [_unclaimed(row) for row in await rows.fetchall()]


def _unclaimed(row: dict[str, Any]) -> tuple[Job, Address]:
    address = Address(row.pop("worker_url"), row.pop("key_id"))
    return Job(**row), address
