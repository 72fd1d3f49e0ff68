"""The start of each transaction."""

import functools

from psycopg import sql

from shared.queries.connection import Connection

SERVICE_PATH = "public"
USER_PATH = "readable, public"
"""To a user, ``jobs`` is the view that a ``select *`` may read."""

_KEPT = 64

_BEGIN = sql.SQL("""
    begin;
    select set_config('role', {role}, true),
           set_config('search_path', {search_path}, true),
           set_config('request.jwt.claims', {claims}, true),
           set_config('transaction_read_only', {read_only}, true),
           set_config('statement_timeout', {statement_timeout}, true),
           set_config('lock_timeout', {lock_timeout}, true),
           set_config('idle_in_transaction_session_timeout', '15s', true)
""")
"""Two statements, and one trip: so they can have no parameters, and hold literals."""


async def begin(
    connection: Connection,
    *,
    role: str,
    claims: str,
    read_only: bool,
    statement_timeout_ms: int,
    lock_timeout_ms: int,
) -> None:
    """Begin a transaction under ``role``; ``claims`` is the caller's token as JSON.

    Everything is local to the transaction, so that it holds behind a transaction pooler too. The
    connection is in autocommit mode, or psycopg would send a BEGIN of its own, in its own trip.
    """
    await connection.execute(
        _begin(
            role=role,
            claims=claims,
            read_only="on" if read_only else "off",
            statement_timeout=f"{statement_timeout_ms}ms",
            lock_timeout=f"{lock_timeout_ms}ms",
        )
    )


@functools.lru_cache(_KEPT)
def _begin(*, role: str, **values: str) -> bytes:
    search_path = SERVICE_PATH if role == "service" else USER_PATH
    return _BEGIN.format(role=role, search_path=search_path, **values).as_bytes()
