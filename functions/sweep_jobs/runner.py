"""Runs the steps of a sweep one after the other, each with a timeout and isolated from errors."""

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
"""Half of a process's database connections, so that other requests are not blocked."""

_ANSWER_SECONDS = 5


async def run(
    parts: Mapping[str, Step], services: Services, *, part_seconds: float = PART_SECONDS
) -> SweepJobsResponse:
    """Run the steps and return their counters.

    Steps that fail, take longer than ``part_seconds`` or do not start within ``SWEEP_SECONDS`` are
    listed in ``not_done``.

    Args:
        parts: the steps by name, in the order in which they run.
        services: the process's services.
        part_seconds: timeout of one step.

    Raises:
        ServiceUnavailableError: The database is unavailable.
    """
    done = SweepJobsResponse()
    end = services.clock() + SWEEP_SECONDS
    for name, part in parts.items():
        seconds = min(part_seconds, end - services.clock())
        if seconds <= 0:
            done.not_done.append(name)
        elif not await _tried(name, part(services, done), seconds):
            done.not_done.append(name)
            await _check_database(services)
    return done


async def for_each(act: Callable[[T], Awaitable[None]], items: Sequence[T]) -> None:
    """Call ``act`` with every item, five at a time. Failures are logged and do not stop the rest.

    Raises:
        Exception: The first failure, after every item was handled.
    """
    failures: list[Exception] = []
    for start in range(0, len(items), _AT_ONCE):
        batch = (_failure(act, item) for item in items[start : start + _AT_ONCE])
        failures += [failure for failure in await asyncio.gather(*batch) if failure]
    if failures:
        raise failures[0]


async def _failure(act: Callable[[T], Awaitable[None]], item: T) -> Exception | None:
    """Return an item's failure, logged with the fields that ``act`` bound, such as the job's id."""
    try:
        await act(item)
    except ServiceUnavailableError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one item must not stop the rest
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
    except Exception:  # noqa: BLE001 - one step must not stop the rest
        logger.error("a part of the sweep failed", exc_info=True, extra=fields)
    else:
        return True
    return False


async def _check_database(services: Services) -> None:
    """Raise ServiceUnavailableError without a database, since then no step can succeed."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS), services.database.transaction():
            return
    except TimeoutError:
        raise ServiceUnavailableError(
            "The database is unavailable; try again in a moment."
        ) from None
