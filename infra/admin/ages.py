"""Age confirmation of users: the operator records it once it was confirmed elsewhere."""

from uuid import UUID

from shared.db.queries import credit_ledger, safety_decisions
from shared.services import Services


async def confirm(services: Services, user_id: UUID, *, is_withdrawn: bool) -> str:
    """Record or withdraw a user's age confirmation; create their profile if they have none.

    Returns:
        A message for the operator.
    """
    async with services.database.transaction() as connection:
        await credit_ledger.grant(connection, user_id, amount=services.settings.starting_credits)
        await safety_decisions.confirm_age(connection, user_id, is_confirmed=not is_withdrawn)
    return f"The age of {user_id} is {'not ' if is_withdrawn else ''}confirmed."
