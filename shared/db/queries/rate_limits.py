"""rate_buckets: a token bucket for each user and class of request.

A bucket holds up to a minute's worth of tokens and refills evenly. The row stores the tokens before
the last request; if there was at least one, the request took it. So one statement refills the
bucket, takes a token and returns the result, and the row's lock serialises concurrent requests.
"""

from uuid import UUID

from psycopg.rows import scalar_row

from shared.db.connection import Connection, require_row

FULL_TOKEN = 1 - 1e-6
"""One token, minus a tolerance for rounding errors of fractions."""

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
    """Take a token. None on success, else the seconds until the next token.

    Uses the database's clock at the start of the transaction. The commit does not wait for the
    disk: a crash of the server may lose a counted request, and nothing else.
    """
    return await _take(connection, _TAKE_ALONE, user_id, bucket, per_minute)


async def take_with(
    connection: Connection, *, user_id: UUID, bucket: str, per_minute: int
) -> float | None:
    """Take a token like ``take``, in a durable transaction; a rollback returns it."""
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
