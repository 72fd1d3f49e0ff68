"""Connection options and BEGIN statements per role."""

import functools

from psycopg import sql

from shared.db.connection import Connection

SERVICE_PATH = "public"
USER_PATH = "readable, public"
"""For users, ``jobs`` resolves to a view of the columns that they may read."""

_MAX_CACHED = 64

_PREPARED_AFTER = 5
"""Executions before a user's statement is prepared. Such statements vary, unlike ours."""

_BEGIN = b"begin"
_BEGIN_READ_ONLY = b"begin read only"
_BEGIN_AS_CALLER = sql.SQL("""
    begin {mode};
    select set_config('role', {role}, true),
           set_config('search_path', {search_path}, true),
           set_config('plan_cache_mode', 'auto', true),
           set_config('enable_memoize', 'off', true),
           set_config('statement_timeout', {statement_timeout}, true),
           set_config('request.jwt.claims', {claims}, true)
""")
"""Two statements in one round trip, so values are inserted as literals, not as parameters.

A user's query is refused by the number of rows that it reads. With ``enable_memoize`` that number
would depend on the table's statistics, and the same query would be refused or not.
"""


def options(*, statement_timeout_ms: int, lock_timeout_ms: int) -> str:
    """Return the startup options of a connection: the role ``service`` and its timeouts.

    With these, a statement outside a transaction takes one round trip. A pooler in transaction mode
    would lose them, so the functions connect directly.

    The memory settings are the Postgres defaults, set explicitly because a server may have others:
    a sort or hash uses up to 4 MB and then spills to disk, where temp_file_limit bounds it.
    """
    settings = {
        "role": "service",
        "search_path": SERVICE_PATH,
        "statement_timeout": f"{statement_timeout_ms}ms",
        "lock_timeout": f"{lock_timeout_ms}ms",
        "idle_in_transaction_session_timeout": "15s",
        "plan_cache_mode": "force_generic_plan",
        "work_mem": "4MB",
        "hash_mem_multiplier": "1",
        "jit": "off",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


async def begin_as_service(connection: Connection, *, read_only: bool) -> None:
    """Begin a transaction under the role ``service``.

    The connection must be in autocommit mode; otherwise psycopg sends a BEGIN in an extra round
    trip.
    """
    await connection.execute(_BEGIN_READ_ONLY if read_only else _BEGIN, prepare=False)


async def begin_as_caller(
    connection: Connection, *, role: str, claims: str, read_only: bool, statement_timeout_ms: int
) -> None:
    """Begin a transaction under a caller's ``role``. The settings end with the transaction.

    Args:
        connection: in autocommit mode.
        role: ``authenticated`` or ``anon``.
        claims: the caller's token as JSON.
        read_only: whether Postgres refuses writes.
        statement_timeout_ms: for each statement of the transaction, in milliseconds.
    """
    connection.prepare_threshold = _PREPARED_AFTER
    begin = _begin_statement(role, claims, read_only, statement_timeout_ms)
    await connection.execute(begin, prepare=False)


@functools.lru_cache(_MAX_CACHED)
def _begin_statement(role: str, claims: str, read_only: bool, statement_timeout_ms: int) -> bytes:  # noqa: FBT001 - part of the cache key
    return _BEGIN_AS_CALLER.format(
        mode=sql.SQL("read only" if read_only else "read write"),
        role=role,
        search_path=USER_PATH,
        statement_timeout=f"{statement_timeout_ms}ms",
        claims=claims,
    ).as_bytes()
