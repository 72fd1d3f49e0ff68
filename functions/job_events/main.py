"""/job-events: stream a user's changes as server-sent events, or create a ticket for a stream.

``GET`` streams until the user's token expires. ``POST`` returns a ticket that opens one stream, for
a browser's EventSource, which cannot send an Authorization header.
"""

from functions.job_events import admission, heartbeat, stream, stream_registry
from shared.auth.authenticators import User, require_user_or_ticket
from shared.contracts.events import EventTicket
from shared.http import HttpRequest, StreamResponse, endpoint
from shared.services import Services

_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""``x-accel-buffering`` keeps a proxy from buffering the stream."""


async def job_events(
    call: HttpRequest, caller: User, services: Services
) -> EventTicket | StreamResponse:
    """Stream changes of the user's own rows, or create a ticket. No other user's rows are read."""
    if call.method == "POST":
        return await admission.create_ticket(caller, services)
    events = stream.event_stream(stream.parse_reader(call, caller.id), services)
    lasting = heartbeat.with_heartbeat(
        events,
        every_seconds=services.settings.event_heartbeat_seconds,
        for_seconds=caller.claims["exp"] - services.clock(),
    )
    counted = await stream_registry.of(services).count(caller.id, lasting)
    return StreamResponse(counted, "text/event-stream", _HEADERS)


main = endpoint(job_events, authenticate=require_user_or_ticket, methods=("GET", "POST"))
