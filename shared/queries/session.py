"""The start of each transaction."""

from shared.queries.connection import Connection

SERVICE_PATH = "public"
USER_PATH = "readable, public"
"""To a user, ``jobs`` is the view that a ``select *`` may read."""


async def enter(
    connection: Connection,
    *,
    role: str,
    claims: str,
    read_only: bool,
    statement_timeout_ms: int,
    lock_timeout_ms: int,
) -> None:
    """Take ``role`` until the transaction ends; ``claims`` is the caller's token as JSON.

    Everything is local to the transaction, so that it holds behind a transaction pooler too.
    """
    await connection.execute(
        """
        select set_config('role', %(role)s, true),
               set_config('search_path', %(search_path)s, true),
               set_config('request.jwt.claims', %(claims)s, true),
               set_config('transaction_read_only', %(read_only)s, true),
               set_config('statement_timeout', %(statement_timeout)s, true),
               set_config('lock_timeout', %(lock_timeout)s, true),
               set_config('idle_in_transaction_session_timeout', '15s', true)
        """,
        {
            "role": role,
            "search_path": SERVICE_PATH if role == "service" else USER_PATH,
            "claims": claims,
            "read_only": "on" if read_only else "off",
            "statement_timeout": f"{statement_timeout_ms}ms",
            "lock_timeout": f"{lock_timeout_ms}ms",
        },
    )
