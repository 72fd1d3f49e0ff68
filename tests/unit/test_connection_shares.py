"""Shares of a process's connection pool for each caller."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from shared.db.connection_shares import ConnectionShares
from shared.errors import ServiceUnavailableError, TooManyRequestsError


def _shares(connections: int) -> ConnectionShares:
    """Return shares for which no statement has to wait."""
    return ConnectionShares(connections, caller_wait_seconds=0, wait_seconds=0)


async def _hold(stack: AsyncExitStack, shares: ConnectionShares, caller: str, times: int) -> None:
    for _ in range(times):
        await stack.enter_async_context(shares.hold(caller))


@pytest.mark.parametrize(("connections", "share"), [(10, 3), (3, 1), (1, 1), (20, 6)])
async def test_a_caller_holds_a_share_and_no_more(connections: int, share: int) -> None:
    shares = _shares(connections)
    async with AsyncExitStack() as stack:
        await _hold(stack, shares, "one", share)
        with pytest.raises(TooManyRequestsError) as refused:
            await _hold(stack, shares, "one", 1)
    assert refused.value.retry_after_seconds == 1
    async with AsyncExitStack() as stack:
        await _hold(stack, shares, "one", share)


async def test_callers_leave_connections_to_the_functions() -> None:
    shares = _shares(10)
    async with AsyncExitStack() as stack:
        for caller in ("one", "two", "three", "four"):
            await _hold(stack, shares, caller, 2)
        with pytest.raises(ServiceUnavailableError):
            await _hold(stack, shares, "five", 1)
    async with AsyncExitStack() as stack:
        await _hold(stack, shares, "five", 3)


async def test_what_waits_goes_on_when_an_earlier_one_ends() -> None:
    shares = ConnectionShares(3)
    order: list[str] = []
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with shares.hold("one"):
            has_begun.set()
            await may_end.wait()
            order.append("first")

    async def second() -> None:
        async with shares.hold("one"):
            order.append("second")

    async with asyncio.TaskGroup() as group:
        group.create_task(first())
        await has_begun.wait()
        group.create_task(second())
        await asyncio.sleep(0)
        may_end.set()
    assert order == ["first", "second"]


async def test_an_error_gives_the_share_back() -> None:
    shares = _shares(1)
    for _ in range(3):
        with pytest.raises(LookupError):
            async with shares.hold("one"):
                raise LookupError
