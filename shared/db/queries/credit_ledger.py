"""Credit ledger CTEs: reserve, settle, refund and grant.

A job's credits are reserved in the statement that inserts the job, and settled or refunded in the
one that ends it. Each locks the profile's row before the user's row of ``user_queues``, so that two
of them cannot deadlock.
"""

from uuid import UUID

from shared.db.connection import Connection


async def grant(connection: Connection, user_id: UUID, *, amount: int) -> None:
    """Create the profile of a new user with ``amount`` credits; no effect if it exists."""
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
"""Debit a job's credits. No row if the balance is too low, if the user has no profile yet, or if
the user has ``max_queued`` jobs queued; the lock of the row makes that count exact."""

RESERVE_CTE = """
    used as (
        insert into usage_logs (user_id, job_id, action, format, quality, credits_consumed)
        select user_id, id, 'queue_job', format, quality, credits from stored
    ), reserved as (
        insert into credit_ledger (user_id, job_id, kind, amount, balance_after)
        select user_id, id, 'reserve', -credits, token_balance from stored cross join taken
    )
"""
"""Reserve the credits of the ``stored`` job, and log the usage for its owner's statistics."""

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
"""Settle the completed ``changed`` job: the reserved credits are spent."""

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
"""Refund the reserved credits of the failed or cancelled ``changed`` job, once."""
