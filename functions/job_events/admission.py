"""Tickets: each opens one stream of its user's, within a minute."""

from shared.auth.authenticators import User
from shared.contracts.events import EventTicket
from shared.db.queries import event_tickets
from shared.services import Services

TICKET_SECONDS = 60


async def create_ticket(user: User, services: Services) -> EventTicket:
    """A new ticket; the stream that it opens ends with the token that asked for it."""
    # Two random ids: one alone is a little less than the 128 bits that a secret should have.
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
