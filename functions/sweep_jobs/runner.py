"""One part of the sweep after the other, each within its time, whatever becomes of the others."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from functions.sweep_jobs.report import SweepJobsResponse
from shared.errors import ServiceUnavailableError
from shared.services import Services
from shared.telemetry.logs import logger

T = TypeVar("T")
Step = Callable[[Services, SweepJobsResponse], Awaitable[None]]

SWEEP_SECONDS = 60
"""The next sweep begins a minute after this one."""

PART_SECONDS = 15
_AT_ONCE = 5
"""Half of a process's database connections: other requests go on."""

_ANSWER_SECONDS = 5


async def run(
    parts: Mapping[str, Step], services: Services, *, part_seconds: float = PART_SECONDS
) -> SweepJobsResponse:
    """What the parts did. One that fails, or is cut off, is named and left to the next sweep.

    Raises:
        ServiceUnavailableError: where the database is away.
    """
    done = SweepJobsResponse()
    end = services.clock() + SWEEP_SECONDS
    for name, part in parts.items():
        seconds = min(part_seconds, end - services.clock())
        if seconds <= 0:
            done.not_done.append(name)
        elif not await _tried(name, part(services, done), seconds):
            done.not_done.append(name)
            await _ask_database(services)
    return done


async def for_each(act: Callable[[T], Awaitable[None]], items: Sequence[T]) -> None:
    """Act on every item, a few at once. One that fails is logged, and the rest goes on.

    Raises:
        Exception: the first failure, once every item was acted on.
    """
    failures: list[Exception] = []
    for start in range(0, len(items), _AT_ONCE):
        batch = (_failure(act, item) for item in items[start : start + _AT_ONCE])
        failures += [failure for failure in await asyncio.gather(*batch) if failure]
    if failures:
        raise failures[0]


async def _failure(act: Callable[[T], Awaitable[None]], item: T) -> Exception | None:
    """What one item failed with. It is logged with what ``act`` has bound, such as a job's id."""
    try:
        await act(item)
    except ServiceUnavailableError as error:
        return error
    except Exception as error:  # noqa: BLE001 - whatever one item has, the others go on
        logger.error("an item of the sweep failed", exc_info=True)
        return error
    return None


async def _tried(name: str, part: Awaitable[None], seconds: float) -> bool:
    fields = {"fields": {"part": name}}
    try:
        async with asyncio.timeout(seconds):
            await part
    except TimeoutError:
        logger.warning("a part of the sweep took too long", extra=fields)
    except ServiceUnavailableError:
        logger.warning("a part of the sweep lacked what it needs", extra=fields)
    except Exception:  # noqa: BLE001 - whatever one part has, the others go on
        logger.error("a part of the sweep failed", exc_info=True, extra=fields)
    else:
        return True
    return False


async def _ask_database(services: Services) -> None:
    """Without it no part can do anything."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS), services.database.transaction():
            return
    except TimeoutError:
        raise ServiceUnavailableError("The database is away; try again in a moment.") from None
