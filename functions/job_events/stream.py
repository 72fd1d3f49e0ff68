"""Event stream of one user: its position, wake on a notification, read the database, heartbeats."""

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from uuid import UUID

from functions.job_events import batch_reader, sse
from shared.contracts.events import Progress
from shared.db.queries.change_events import UNKNOWN_POSITION, Page, Position, Reader
from shared.errors import InvalidRequestError
from shared.http import HttpRequest
from shared.services import Services

_UNCOMMITTED_POLL_SECONDS = 0.025
"""Between two reads while earlier transactions have not committed."""

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


async def event_stream(reader: Reader, services: Services) -> AsyncGenerator[bytes, None]:
    """Yield a reader's encoded events from its position on, without end."""
    yield sse.RETRY
    loop = asyncio.get_running_loop()
    with services.event_listener.subscribe(str(reader.user_id)) as subscription:
        page = await batch_reader.get_batch_reader(services).page(reader)
        if not page.is_expired:
            yield sse.ready(reader.position or page.position)
        while True:
            if page.is_expired:
                yield sse.reset(page.position)
            for event in page.events:
                yield sse.change(event)
            deadline = loop.time() + _seconds_to_next(page, services)
            while (notification := await subscription.wait(deadline)) is not None:
                progress = Progress.model_validate_json(notification)
                if reader.job_id in {None, progress.job_id}:
                    yield sse.progress(progress)
            reader = replace(reader, position=page.position)
            page = await batch_reader.get_batch_reader(services).page(reader)


def _seconds_to_next(page: Page, services: Services) -> float:
    if page.has_more:
        return 0
    return (
        _UNCOMMITTED_POLL_SECONDS if page.has_uncommitted else services.settings.event_poll_seconds
    )


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


async def with_heartbeat(
    pieces: AsyncGenerator[bytes, None], *, interval_seconds: float, for_seconds: float
) -> AsyncGenerator[bytes, None]:
    """Yield the pieces as they arrive, and a comment after each idle interval.

    Args:
        pieces: of the stream; closed at the end.
        interval_seconds: idle time after which a heartbeat is sent.
        for_seconds: after which the stream ends.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + for_seconds
    next_piece = asyncio.ensure_future(anext(pieces))
    try:
        while (remaining := end - loop.time()) > 0:
            await asyncio.wait([next_piece], timeout=min(interval_seconds, remaining))
            if next_piece.done():
                yield next_piece.result()
                next_piece = asyncio.ensure_future(anext(pieces))
            elif remaining > interval_seconds:
                yield sse.HEARTBEAT
    finally:
        next_piece.cancel()
        await asyncio.wait([next_piece])
        await pieces.aclose()
