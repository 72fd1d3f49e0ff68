"""/job-events: ``GET`` tells a user what changes, as server-sent events, while the token lasts.

``POST`` gives a ticket that opens one stream, for a browser's EventSource, which sends no header.
"""

from functions.job_events import admission, asked, heartbeat, stream, stream_registry
from shared.auth.authenticators import User, require_user_or_ticket
from shared.contracts.events import EventTicket
from shared.http import HttpRequest, StreamResponse, endpoint
from shared.services import Services

_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""The latter keeps a proxy from collecting what is to be told at once."""


async def job_events(
    call: HttpRequest, caller: User, services: Services
) -> EventTicket | StreamResponse:
    """Whatever their rows' owner may read, and nothing of anybody else's."""
    if call.method == "POST":
        return await admission.create_ticket(caller, services)
    events = stream.event_stream(asked.parse_reader(call, caller.id), services)
    lasting = heartbeat.with_heartbeat(
        events,
        every_seconds=services.settings.event_heartbeat_seconds,
        for_seconds=caller.claims["exp"] - services.clock(),
    )
    counted = await stream_registry.of(services).count(caller.id, lasting)
    return StreamResponse(counted, "text/event-stream", _HEADERS)


main = endpoint(job_events, authenticate=require_user_or_ticket, methods=("GET", "POST"))
