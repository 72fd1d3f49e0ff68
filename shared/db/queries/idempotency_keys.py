"""idempotency_keys: which request holds a key, and what it was answered."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Json

from shared.db.connection import Connection

CHANNEL = "idempotency"
"""Where the end of a reservation is told, by the key's row id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose key it is, where, and for which body."""

    user_id: UUID
    endpoint: str
    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A key that another request holds, or was answered."""

    id: UUID
    body_hash: bytes
    answer: dict[str, Any] | None
    lease_seconds: float


async def reserve(
    connection: Connection, scope: Scope, *, reservation: UUID, lease_seconds: float
) -> bool:
    """Take the key, where it is free or its holder's lease has lapsed. False where it is held."""
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
    """The key as it is held now; None where it has just been freed."""
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
    """Store the answer and tell who waits. False where the key is no longer this request's."""
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
    """Free a key whose request failed, and tell who waits."""
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


async def delete_old(connection: Connection, *, limit: int) -> int:
    """Forget keys after a day."""
    rows = await connection.execute(
        """
        with old as materialized (
            select id from idempotency_keys
            where created_at < now() - interval '24 hours'
            limit %(limit)s
            for update skip locked
        )
        delete from idempotency_keys using old
        where idempotency_keys.id = old.id
        """,
        {"limit": limit},
    )
    return rows.rowcount
