"""Parses the request for an event stream: the position to resume at, and the job."""

import re
from uuid import UUID

from shared.db.queries.change_events import UNKNOWN_POSITION, Position, Reader
from shared.errors import InvalidRequestError
from shared.http import HttpRequest

_POSITION = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
"""``xid-seq``; 18 digits fit into Postgres's bigint."""


def parse_reader(call: HttpRequest, user_id: UUID) -> Reader:
    """Parse ``Last-Event-ID`` (or ``lastEventId`` of the query) and ``jobId``.

    The header takes precedence over the query: an EventSource reconnects to its first URL, with the
    newer position in the header. An invalid event id counts as a position that has expired.

    Raises:
        InvalidRequestError: ``jobId`` is not a UUID.
    """
    last = call.headers.get("last-event-id") or call.query.get("lastEventId")
    return Reader(user_id, _job_id(call.query.get("jobId")), _position(last))


def _position(text: str | None) -> Position | None:
    if not text:
        return None
    match = _POSITION.fullmatch(text)
    return Position(int(match[1]), int(match[2])) if match else UNKNOWN_POSITION


def _job_id(text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        detail = {"field": "jobId", "message": "not a UUID", "type": "uuid_parsing"}
        raise InvalidRequestError("jobId is not a UUID.", details=[detail]) from None
