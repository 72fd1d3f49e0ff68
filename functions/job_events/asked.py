"""What a stream is asked for."""

import re
from uuid import UUID

from shared.db.queries.change_events import NOWHERE, Position, Reader
from shared.errors import InvalidError
from shared.http import Call

_POSITION = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
"""Of digits that fit Postgres's bigint."""


def read(call: Call, user_id: UUID) -> Reader:
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
    found = _POSITION.fullmatch(text)
    return Position(int(found[1]), int(found[2])) if found else NOWHERE


def _job_id(text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        detail = {"field": "jobId", "message": "not a UUID", "type": "uuid_parsing"}
        raise InvalidError("jobId is not a UUID.", details=[detail]) from None
