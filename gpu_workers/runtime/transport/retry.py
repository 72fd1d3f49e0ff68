"""Asking again where the answer was only in passing a bad one."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

FIRST_DELAY = 0.1
LONGEST_DELAY = 10.0

_SERVER_ERROR = 500
_PASSING = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS})


class RetryTimeoutError(Exception):
    """Nothing final was answered in time."""


def is_transient(status: int) -> bool:
    """Whether the same request may well fare better a moment later."""
    return status >= _SERVER_ERROR or status in _PASSING


async def retry_until(
    attempt: Callable[[], Awaitable[httpx.Response]], *, until: float, now: Callable[[], float]
) -> httpx.Response:
    """Make the attempt until something final is answered, each time waiting twice as long.

    Raises:
        RetryTimeoutError: ``until`` would pass before the next attempt.
    """
    delay = FIRST_DELAY
    while True:
        try:
            response = await attempt()
        except httpx.TransportError:
            pass
        else:
            if not is_transient(response.status_code):
                return response
        if now() + delay > until:
            raise RetryTimeoutError
        await asyncio.sleep(delay)
        delay = min(delay * 2, LONGEST_DELAY)
