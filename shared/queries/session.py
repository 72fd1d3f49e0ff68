"""The start of each connection, and of each transaction."""

import functools

from psycopg import sql

from shared.queries.connection import Connection

SERVICE_PATH = "public"
USER_PATH = "readable, public"
"""To a user, ``jobs`` is the view that a ``select *`` may read."""

_KEPT = 64

_PREPARED_AFTER = 5
"""Times that a user's statement came: it may be of any kind, where ours all come again."""

_BEGIN = b"begin"
_BEGIN_READ_ONLY = b"begin read only"
_BEGIN_AS = sql.SQL("""
    begin {mode};
    select set_config('role', {role}, true),
           set_config('search_path', {search_path}, true),
           set_config('plan_cache_mode', 'auto', true),
           set_config('request.jwt.claims', {claims}, true)
""")
"""Two statements, and one trip: so they can have no parameters, and hold literals."""


def options(*, statement_timeout_ms: int, lock_timeout_ms: int) -> str:
    """What a connection begins with: it is ``service``'s, and no statement of it waits for ever.

    So a statement outside a transaction is one trip. A pooler that shares a connection among
    transactions would have to hand these on: the functions connect without one.
    """
    settings = {
        "role": "service",
        "search_path": SERVICE_PATH,
        "statement_timeout": f"{statement_timeout_ms}ms",
        "lock_timeout": f"{lock_timeout_ms}ms",
        "idle_in_transaction_session_timeout": "15s",
        "plan_cache_mode": "force_generic_plan",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


async def begin(connection: Connection, *, role: str, claims: str, read_only: bool) -> None:
    """Begin a transaction under ``role``; ``claims`` is the caller's token as JSON.

    What is set here is local to the transaction. The connection is in autocommit mode, or psycopg
    would send a BEGIN of its own, in its own trip.
    """
    if role == "service":
        begun = _BEGIN_READ_ONLY if read_only else _BEGIN
    else:
        connection.prepare_threshold = _PREPARED_AFTER
        begun = _begin_as(role=role, claims=claims, read_only=read_only)
    await connection.execute(begun, prepare=False)


@functools.lru_cache(_KEPT)
def _begin_as(*, role: str, claims: str, read_only: bool) -> bytes:
    mode = sql.SQL("read only" if read_only else "read write")
    return _BEGIN_AS.format(mode=mode, role=role, search_path=USER_PATH, claims=claims).as_bytes()
