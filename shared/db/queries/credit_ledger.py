"""credit_ledger: grant the first credits. Jobs are charged in ``jobs`` and ``job_transitions``."""

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
