"""/job-events: stream a user's changes as server-sent events, or create a ticket for a stream.

``GET`` streams until the user's token expires. ``POST`` returns a ticket that opens one stream, for
a browser's EventSource, which cannot send an Authorization header.
"""

from functions.job_events import stream, stream_registry
from shared.auth.authenticators import User, require_user_or_ticket
from shared.contracts.events import EventTicket
from shared.db.queries import event_tickets
from shared.http import HttpRequest, StreamResponse, endpoint, sse
from shared.services import Services

TICKET_SECONDS = 60


async def job_events(
    call: HttpRequest, caller: User, services: Services
) -> EventTicket | StreamResponse:
    """Stream changes of the user's own rows, or create a ticket. No other user's rows are read."""
    if call.method == "POST":
        return await create_ticket(caller, services)
    events = stream.event_stream(stream.parse_reader(call, caller.id), services)
    lasting = stream.with_heartbeat(
        events,
        interval_seconds=services.settings.event_heartbeat_seconds,
        for_seconds=caller.claims["exp"] - services.clock(),
    )
    counted = await stream_registry.of(services).count(caller.id, lasting)
    return StreamResponse(counted, sse.MEDIA_TYPE, sse.HEADERS)


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


main = endpoint(job_events, authenticate=require_user_or_ticket, methods=("GET", "POST"))
