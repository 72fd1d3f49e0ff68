"""Event stream of one user: wakes on a notification and reads the database."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from functions.job_events import batch_reader, sse
from shared.contracts.events import Progress
from shared.db.queries.change_events import Page, Reader
from shared.services import Services

_UNCOMMITTED_POLL_SECONDS = 0.025
"""Between two reads while earlier transactions have not committed."""


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
            until = loop.time() + _seconds_to_next(page, services)
            while (notification := await subscription.wait(until)) is not None:
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
