"""What a stream is asked for."""

import re
from uuid import UUID

from shared.db.queries.change_events import UNKNOWN_POSITION, Position, Reader
from shared.errors import InvalidRequestError
from shared.http import HttpRequest

_POSITION = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
"""Of digits that fit Postgres's bigint."""


def parse_reader(call: HttpRequest, user_id: UUID) -> Reader:
    """Who reads, and from where on; an id that is none is behind everything.

    The header goes before the query: an EventSource reconnects to the address it began with.

    Raises:
        InvalidError: where ``jobId`` is no UUID.
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
