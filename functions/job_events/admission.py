"""Stream tickets: each opens one event stream of its user, within a minute."""

from shared.auth.authenticators import User
from shared.contracts.events import EventTicket
from shared.db.queries import event_tickets
from shared.services import Services

TICKET_SECONDS = 60


async def create_ticket(user: User, services: Services) -> EventTicket:
    """Create a ticket. The stream that it opens ends when the user's token expires."""
    # Two random ids: one has 122 random bits, and a secret should have at least 128.
    secret = services.new_id().hex + services.new_id().hex
    async with services.database.transaction() as connection:
        await event_tickets.insert(
            connection,
            secret,
            user_id=user.id,
            seconds=TICKET_SECONDS,
            token_expires_at=user.claims["exp"],
        )
    return EventTicket(ticket=secret, expires_in_seconds=TICKET_SECONDS)
