"""The credit ledger, and the balance that changes with it.

A job's row is always locked before its owner's profile, so that two of these never wait for each
other.
"""

from uuid import UUID

from shared.queries.connection import Connection


async def grant(connection: Connection, user_id: UUID, *, amount: int) -> bool:
    """Give a new user a profile and the starting credits. False, and nothing, for a known one."""
    rows = await connection.execute(
        """
        with fresh as (
            insert into profiles (id, token_balance) values (%(user_id)s, %(amount)s)
            on conflict (id) do nothing
            returning id, token_balance
        )
        insert into credit_ledger (user_id, kind, amount, balance_after)
        select id, 'grant', token_balance, token_balance from fresh
        """,
        {"user_id": user_id, "amount": amount},
    )
    return rows.rowcount > 0


async def reserve(
    connection: Connection, *, user_id: UUID, job_id: UUID, amount: int, media: str, quality: str
) -> bool:
    """Take a job's credits, and note the use for its owner's statistics.

    False, and nothing done, where the balance is short or there is no such user yet.
    """
    rows = await connection.execute(
        """
        with taken as (
            update profiles set token_balance = token_balance - %(amount)s
            where id = %(user_id)s and token_balance >= %(amount)s
            returning token_balance
        ), used as (
            insert into usage_logs (user_id, job_id, action, format, quality, credits_consumed)
            select %(user_id)s, %(job_id)s, 'queue_job', %(media)s, %(quality)s, %(amount)s
            from taken
        )
        insert into credit_ledger (user_id, job_id, kind, amount, balance_after)
        select %(user_id)s, %(job_id)s, 'reserve', -%(amount)s::integer, token_balance from taken
        """,
        {
            "user_id": user_id,
            "job_id": job_id,
            "amount": amount,
            "media": media,
            "quality": quality,
        },
    )
    return rows.rowcount > 0


async def settle(connection: Connection, *, user_id: UUID, job_id: UUID) -> None:
    """Close a completed job's account: what was reserved is spent."""
    await connection.execute(
        """
        insert into credit_ledger (user_id, job_id, kind, amount, balance_after)
        select user_id, job_id, 'settle', 0, profiles.token_balance
        from credit_ledger join profiles on profiles.id = user_id
        where job_id = %(job_id)s and kind = 'reserve' and user_id = %(user_id)s
        """,
        {"user_id": user_id, "job_id": job_id},
    )


async def refund(connection: Connection, *, user_id: UUID, job_id: UUID) -> None:
    """Close a failed or cancelled job's account: what was reserved is given back, once."""
    await connection.execute(
        """
        with reserved as (
            select -amount as amount from credit_ledger
            where job_id = %(job_id)s and kind = 'reserve' and user_id = %(user_id)s
        ), given as (
            update profiles set token_balance = token_balance + reserved.amount
            from reserved where id = %(user_id)s
            returning reserved.amount, token_balance
        )
        insert into credit_ledger (user_id, job_id, kind, amount, balance_after)
        select %(user_id)s, %(job_id)s, 'refund', amount, token_balance from given
        """,
        {"user_id": user_id, "job_id": job_id},
    )
