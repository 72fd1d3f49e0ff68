"""What many streams want to know at the same time is asked of the database at once."""

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
"""Of each reader."""
_OUTAGE_SECONDS = 0.5


@functools.cache
def get_batch_reader(services: Services) -> "BatchReader":
    """The process's own."""
    return BatchReader(services)


@dataclass(frozen=True, slots=True)
class _PendingRead:
    reader: Reader
    answer: asyncio.Future[Page]


class BatchReader:
    """A thousand streams may be told something in one moment, and take one connection."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._open: list[_PendingRead] = []
        self._task: asyncio.Task[None] | None = None

    async def page(self, reader: Reader) -> Page:
        """The reader's next page, once the database gives it: streams outlive an outage."""
        question = _PendingRead(reader, asyncio.get_running_loop().create_future())
        self._open.append(question)
        if self._task is None or self._task.done():
            # A context of its own: what it logs is not of the request that came first.
            self._task = asyncio.create_task(self._answer_all(), context=contextvars.Context())
        return await question.answer

    async def _answer_all(self) -> None:
        while self._open:
            batch, self._open = self._open[:_MAX_READERS], self._open[_MAX_READERS:]
            batch = [question for question in batch if not question.answer.done()]
            try:
                await self._answer(batch)
            except ServiceUnavailableError:
                self._open = [*batch, *self._open]
                await asyncio.sleep(_OUTAGE_SECONDS)
            except Exception as error:  # noqa: BLE001 - each stream ends by it, and logs it
                for question in batch:
                    if not question.answer.done():
                        question.answer.set_exception(error)

    async def _answer(self, batch: list[_PendingRead]) -> None:
        readers = [question.reader for question in batch]
        async with self._services.database.autocommit() as connection:
            pages = await change_events.read_page(connection, readers, limit=_MAX_EVENTS)
        for question, page in zip(batch, pages, strict=True):
            if not question.answer.done():  # its stream may be gone
                question.answer.set_result(page)
