"""rate_buckets: how much each user has asked for of late.

A bucket holds a minute's worth of tokens and fills evenly. The row holds what was in it when the
last request came; where that was a whole token, the request took it. So one statement refills the
bucket, takes from it and tells, and the row's lock puts requests at once in their order.
"""

from uuid import UUID

from psycopg.rows import scalar_row

from shared.db.connection import Connection, require_row

FULL_TOKEN = 1 - 1e-6
"""A token, but for what is lost in adding up fractions."""


_TAKE = """
    insert into rate_buckets as held (user_id, bucket, tokens, refilled_at)
    values (%(user_id)s, %(bucket)s, %(limit)s, now())
    on conflict (user_id, bucket) do update set
        tokens = least(%(limit)s, held.tokens
            - case when held.tokens >= %(whole)s then least(1, held.tokens) else 0 end
            + %(limit)s / 60 * greatest(
                0, extract(epoch from excluded.refilled_at - held.refilled_at)::float8)),
        refilled_at = greatest(excluded.refilled_at, held.refilled_at)
    returning tokens
"""
_TAKE_ALONE = f"{_TAKE}, set_config('synchronous_commit', 'off', true)"


async def take(
    connection: Connection, *, user_id: UUID, bucket: str, per_minute: int
) -> float | None:
    """Take a token. None where there was one, else the seconds until there will be.

    By the clock of the database, as it stood when the transaction began. The commit waits for no
    disk: a server that crashes may forget a request, and nothing else.
    """
    return await _take(connection, _TAKE_ALONE, user_id, bucket, per_minute)


async def take_with(
    connection: Connection, *, user_id: UUID, bucket: str, per_minute: int
) -> float | None:
    """As ``take``, within a transaction that must be durable; one rolled back takes nothing."""
    return await _take(connection, _TAKE, user_id, bucket, per_minute)


async def _take(
    connection: Connection, statement: str, user_id: UUID, bucket: str, per_minute: int
) -> float | None:
    rows = connection.cursor(row_factory=scalar_row)
    await rows.execute(
        statement,
        {
            "user_id": user_id,
            "bucket": bucket,
            "limit": float(per_minute),
            "whole": FULL_TOKEN,
        },
    )
    tokens: float = require_row(await rows.fetchone())
    return None if tokens >= FULL_TOKEN else (FULL_TOKEN - tokens) * 60 / per_minute


async def delete_old(connection: Connection, *, limit: int) -> int:
    """Forget buckets that have long been full again."""
    rows = await connection.execute(
        """
        with idle as materialized (
            select user_id, bucket from rate_buckets
            where refilled_at < now() - interval '1 hour'
            limit %(limit)s
            for update skip locked
        )
        delete from rate_buckets using idle
        where rate_buckets.user_id = idle.user_id and rate_buckets.bucket = idle.bucket
        """,
        {"limit": limit},
    )
    return rows.rowcount
