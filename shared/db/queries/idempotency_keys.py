"""idempotency_keys: reservations of keys and their stored responses."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Json

from shared.db.connection import Connection

CHANNEL = "idempotency"
"""NOTIFY channel for the end of a reservation; the payload is the id of the key's row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The user, endpoint and body that a key belongs to."""

    user_id: UUID
    endpoint: str
    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A key that is reserved by another request, or has a stored response."""

    id: UUID
    body_hash: bytes
    answer: dict[str, Any] | None
    lease_seconds: float


async def reserve(
    connection: Connection, scope: Scope, *, reservation: UUID, lease_seconds: float
) -> bool:
    """Reserve a key that is free or whose lease has expired. False if it is reserved or used."""
    rows = await connection.execute(
        """
        insert into idempotency_keys (user_id, endpoint, key, body_hash, reservation, lease_until)
        values (%(user_id)s, %(endpoint)s, %(key)s, %(body_hash)s, %(reservation)s,
            now() + make_interval(secs => %(lease_seconds)s))
        on conflict (user_id, endpoint, key) do update
            set body_hash = excluded.body_hash, reservation = excluded.reservation,
                lease_until = excluded.lease_until, created_at = now(),
                state = 'reserved', answer = null
            where idempotency_keys.state = 'reserved' and idempotency_keys.lease_until < now()
                or idempotency_keys.created_at < now() - interval '24 hours'
        """,
        {
            "user_id": scope.user_id,
            "endpoint": scope.endpoint,
            "key": scope.key,
            "body_hash": scope.body_hash,
            "reservation": reservation,
            "lease_seconds": lease_seconds,
        },
    )
    return rows.rowcount > 0


async def get(connection: Connection, scope: Scope) -> Held | None:
    """Return the current state of a key; None if it has just been released."""
    rows = connection.cursor(row_factory=class_row(Held))
    await rows.execute(
        """
        select id, body_hash, answer,
            extract(epoch from lease_until - now())::double precision as lease_seconds
        from idempotency_keys
        where user_id = %(user_id)s and endpoint = %(endpoint)s and key = %(key)s
        """,
        {"user_id": scope.user_id, "endpoint": scope.endpoint, "key": scope.key},
    )
    return await rows.fetchone()


async def keep(connection: Connection, reservation: UUID, answer: dict[str, Any]) -> bool:
    """Store a response and notify waiting requests. False if the reservation was lost."""
    rows = await connection.execute(
        """
        with kept as (
            update idempotency_keys set state = 'answered', answer = %(answer)s
            where reservation = %(reservation)s and state = 'reserved'
            returning id
        )
        select pg_notify(%(channel)s, id::text) from kept
        """,
        {"reservation": reservation, "answer": Json(answer), "channel": CHANNEL},
    )
    return rows.rowcount > 0


async def release(connection: Connection, reservation: UUID) -> None:
    """Release the key of a failed request, and notify waiting requests."""
    await connection.execute(
        """
        with freed as (
            delete from idempotency_keys
            where reservation = %(reservation)s and state = 'reserved'
            returning id
        )
        select pg_notify(%(channel)s, id::text) from freed
        """,
        {"reservation": reservation, "channel": CHANNEL},
    )
