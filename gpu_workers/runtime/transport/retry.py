"""Retry requests with exponential backoff."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

FIRST_DELAY = 0.1
"""Seconds."""
LONGEST_DELAY = 10.0
"""Seconds."""

_SERVER_ERROR = 500
_PASSING = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS})


class RetryTimeoutError(Exception):
    """No final response came in time."""


def is_transient(status: int) -> bool:
    """Return whether a status is worth a retry: 5xx, 408 and 429."""
    return status >= _SERVER_ERROR or status in _PASSING


async def retry_until(
    attempt: Callable[[], Awaitable[httpx.Response]], *, until: float, now: Callable[[], float]
) -> httpx.Response:
    """Repeat a request until its response is final, with a delay that doubles each time.

    Args:
        attempt: sends the request; a transport error counts as transient.
        until: the deadline, on the clock of ``now``.
        now: returns the current time in seconds.

    Raises:
        RetryTimeoutError: the deadline would pass before the next attempt.
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
