"""The credit ledger, and the balance that changes with it.

A job's account is opened and closed within the statements that store the job and end it. In each of
them the profile's row is locked before the user's turn, so that no two wait for each other.
"""

from uuid import UUID

from shared.db.connection import Connection


async def grant(connection: Connection, user_id: UUID, *, amount: int) -> None:
    """Give a new user a profile and the starting credits. Nothing, for a known one."""
    await connection.execute(
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


DEBIT_CTE = """
    taken as (
        update profiles set token_balance = token_balance - %(credits)s
        where id = %(user_id)s and token_balance >= %(credits)s
            and (%(max_queued)s::integer is null or private.queued_jobs(id) < %(max_queued)s)
        returning token_balance
    )
"""
"""A job's credits. No row where the balance is short, where there is no such user yet, or where as
many jobs of the user's wait as may: the row's lock makes that count exact."""

RESERVE_CTE = """
    used as (
        insert into usage_logs (user_id, job_id, action, format, quality, credits_consumed)
        select user_id, id, 'queue_job', format, quality, credits from stored
    ), reserved as (
        insert into credit_ledger (user_id, job_id, kind, amount, balance_after)
        select user_id, id, 'reserve', -credits, token_balance from stored cross join taken
    )
"""
"""Open the account of the job that is ``stored``, and note the use for its owner's statistics."""

SETTLE_CTE = """
    settled as (
        insert into credit_ledger (user_id, job_id, kind, amount, balance_after)
        select changed.user_id, changed.id, 'settle', 0, profiles.token_balance
        from changed
        join credit_ledger on credit_ledger.job_id = changed.id and kind = 'reserve'
            and credit_ledger.user_id = changed.user_id
        join profiles on profiles.id = changed.user_id
    )
"""
"""Close the account of the job that is ``changed`` to completed: what was reserved is spent."""

REFUND_CTE = """
    given as (
        update profiles set token_balance = token_balance - reserved.amount
        from changed
        join credit_ledger as reserved on reserved.job_id = changed.id and kind = 'reserve'
            and reserved.user_id = changed.user_id
        where profiles.id = changed.user_id
        returning profiles.id as user_id, reserved.job_id, -reserved.amount as amount, token_balance
    ), refunded as (
        insert into credit_ledger (user_id, job_id, kind, amount, balance_after)
        select user_id, job_id, 'refund', amount, token_balance from given
    )
"""
"""Close the account of a failed or cancelled job: what was reserved is given back, once."""
