"""How many of a pool's connections one caller may hold at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.errors import TooManyError, UnavailableError

_CALLER_SHARE = 0.3
"""Of the pool, for one caller: 3 connections of 10, and at least one."""

_RESERVED_SHARE = 0.2
"""Of the pool, for the functions' own statements: callers together never hold these."""

_CALLER_WAIT_SECONDS = 2.0
"""How long a caller's statement waits for an earlier one of the same caller."""

_WAIT_SECONDS = 5.0
"""How long it waits for those of other callers."""


@dataclass(slots=True)
class _Share:
    free: asyncio.Semaphore
    users: int = 0
    """Statements that hold or await it: without one, the share is forgotten."""


class ConnectionShares:
    """Divides the connections of one process's pool among the callers whose statements it runs.

    Args:
        connections: the size of the pool.
    """

    def __init__(self, connections: int) -> None:
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
            TooManyError: if the caller's earlier statements take too long.
            UnavailableError: if those of other callers do.
        """
        share = self._shares.setdefault(caller, _Share(asyncio.Semaphore(self._per_caller)))
        share.users += 1
        try:
            await _acquire_own(share.free)
            try:
                await _acquire(self._all)
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


async def _acquire_own(free: asyncio.Semaphore) -> None:
    try:
        async with asyncio.timeout(_CALLER_WAIT_SECONDS):
            await free.acquire()
    except TimeoutError:
        raise TooManyError(
            "Too many of your requests are being processed; wait for one to end.",
            retry_after_seconds=1,
        ) from None


async def _acquire(free: asyncio.Semaphore) -> None:
    try:
        async with asyncio.timeout(_WAIT_SECONDS):
            await free.acquire()
    except TimeoutError:
        raise UnavailableError("The database is busy; try again in a moment.") from None
