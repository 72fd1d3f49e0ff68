"""Dispatch: which jobs run next. ``private.fill`` of the migrations chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from shared.contracts.job_catalog import QueueName, WorkerType
from shared.db.connection import Connection
from shared.db.queries.jobs import Job

LEAST_CLAIM_SECONDS = 60.0
"""A dispatched job that nobody claims in this time, and that of the line before it, waits again."""


class Address(NamedTuple):
    """Where a worker is, and whose key it holds."""

    url: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The workers of a queue that may be sent its jobs, and how far ahead of their slots."""

    queue: QueueName
    worker_type: WorkerType
    look_ahead: int
    key_ids: list[str]
    seconds: Mapping[str, float]
    """What a picture of each job type takes; a job may lie unclaimed for that and a minute."""

    def as_values(self) -> dict[str, object]:
        """For the statements here."""
        return {
            "queue": self.queue,
            "worker_type": self.worker_type,
            "look_ahead": self.look_ahead,
            "key_ids": self.key_ids,
            "seconds": Jsonb(dict(self.seconds)),
            "least_claim_seconds": LEAST_CLAIM_SECONDS,
        }


async def lock(connection: Connection, queue: QueueName) -> None:
    """One fill of a queue at a time, until the transaction ends."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtext('dispatch'), hashtext(%(queue)s))", {"queue": queue}
    )


async def fill(connection: Connection, window: Window) -> list[tuple[Job, Address]]:
    """DISPATCH, for as many jobs as there is room for; they, and where their workers are.

    A worker may move while this waits for its turn. Jobs sent to where it was would lie there until
    nobody has claimed them in time: so the address is asked for last, while no worker can leave.
    """
    rows = await connection.execute(
        """
        select given.*, worker_url, key_id
        from private.fill(
            %(queue)s, %(worker_type)s, %(look_ahead)s, %(key_ids)s, %(seconds)s,
            %(least_claim_seconds)s
        ) as given
        cross join lateral private.address_of(given.worker_id)
        """,
        window.as_values(),
    )
    return [_dispatched(row) for row in await rows.fetchall()]


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
    return [_dispatched(row) for row in await rows.fetchall()]


def _dispatched(row: dict[str, Any]) -> tuple[Job, Address]:
    address = Address(row.pop("worker_url"), row.pop("key_id"))
    return Job(**row), address
