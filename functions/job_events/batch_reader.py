"""Batches the event reads of many streams into one query."""

import asyncio
import contextvars
import functools
from dataclasses import dataclass

from shared.db.queries import change_events
from shared.db.queries.change_events import Page, Reader
from shared.errors import ServiceUnavailableError
from shared.services import Services

_MAX_READERS = 50
_MAX_EVENTS = 50
"""Per reader."""
_RETRY_DELAY_SECONDS = 0.5


@functools.cache
def get_batch_reader(services: Services) -> "BatchReader":
    """Return the process's batch reader."""
    return BatchReader(services)


@dataclass(frozen=True, slots=True)
class _PendingRead:
    reader: Reader
    answer: asyncio.Future[Page]


class BatchReader:
    """Reads the pages of waiting streams in batches: any number of them use one connection."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._open: list[_PendingRead] = []
        self._task: asyncio.Task[None] | None = None

    async def page(self, reader: Reader) -> Page:
        """Return the reader's next page. While the database is unavailable, it is retried."""
        pending = _PendingRead(reader, asyncio.get_running_loop().create_future())
        self._open.append(pending)
        if self._task is None or self._task.done():
            # A new context, so that its logs do not carry the fields of the first request.
            self._task = asyncio.create_task(self._answer_all(), context=contextvars.Context())
        return await pending.answer

    async def _answer_all(self) -> None:
        while self._open:
            batch, self._open = self._open[:_MAX_READERS], self._open[_MAX_READERS:]
            batch = [pending for pending in batch if not pending.answer.done()]
            try:
                await self._answer(batch)
            except ServiceUnavailableError:
                self._open = [*batch, *self._open]
                await asyncio.sleep(_RETRY_DELAY_SECONDS)
            except Exception as error:  # noqa: BLE001 - raised in each stream, which logs it
                for pending in batch:
                    if not pending.answer.done():
                        pending.answer.set_exception(error)

    async def _answer(self, batch: list[_PendingRead]) -> None:
        readers = [pending.reader for pending in batch]
        async with self._services.database.autocommit() as connection:
            pages = await change_events.read_page(connection, readers, limit=_MAX_EVENTS)
        for pending, page in zip(batch, pages, strict=True):
            if not pending.answer.done():  # its stream may have ended
                pending.answer.set_result(page)
