"""Limits how many of a pool's connections one caller may hold at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.errors import ServiceUnavailableError, TooManyRequestsError

_CALLER_SHARE = 0.3
"""Share of the pool for one caller: 3 connections of 10, and at least one."""

_RESERVED_SHARE = 0.2
"""Share of the pool reserved for the functions' own statements."""


@dataclass(slots=True)
class _Share:
    free: asyncio.Semaphore
    users: int = 0
    """Statements that hold or await the share; it is deleted when there are none."""


class ConnectionShares:
    """Divides the connections of one process's pool among the callers whose statements it runs.

    Args:
        connections: the size of the pool.
        caller_wait_seconds: how long a caller's statement waits for an earlier one of the caller's.
        wait_seconds: how long it then waits for statements of other callers.
    """

    def __init__(
        self, connections: int, *, caller_wait_seconds: float = 2, wait_seconds: float = 5
    ) -> None:
        self._caller_wait_seconds = caller_wait_seconds
        self._wait_seconds = wait_seconds
        self._per_caller = max(1, round(connections * _CALLER_SHARE))
        reserved = max(1, round(connections * _RESERVED_SHARE))
        self._all = asyncio.Semaphore(max(1, connections - reserved))
        self._shares: dict[str, _Share] = {}

    @asynccontextmanager
    async def hold(self, caller: str) -> AsyncIterator[None]:
        """Hold one connection's worth of the caller's share.

        Args:
            caller: a user's id; all anonymous callers are one caller.

        Raises:
            TooManyRequestsError: if the caller's earlier statements take too long.
            ServiceUnavailableError: if statements of other callers take too long.
        """
        share = self._shares.setdefault(caller, _Share(asyncio.Semaphore(self._per_caller)))
        share.users += 1
        try:
            if not await _acquire(share.free, self._caller_wait_seconds):
                raise TooManyRequestsError(
                    "Too many of your requests are being processed; wait for one to end.",
                    retry_after_seconds=1,
                )
            try:
                if not await _acquire(self._all, self._wait_seconds):
                    raise ServiceUnavailableError("The database is busy; try again in a moment.")
                try:
                    yield
                finally:
                    self._all.release()
            finally:
                share.free.release()
        finally:
            share.users -= 1
            if not share.users:
                self._shares.pop(caller, None)


async def _acquire(free: asyncio.Semaphore, seconds: float) -> bool:
    """Acquire the semaphore; return False on timeout."""
    try:
        async with asyncio.timeout(seconds):
            return await free.acquire()
    except TimeoutError:
        return False
