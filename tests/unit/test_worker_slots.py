"""Who a worker lets in, and in which order their turns come."""

import asyncio
from uuid import uuid4

import pytest

from gpu_workers.runtime.jobs.slots import ClosedError, Line


def test_line_is_busy_beyond_the_window_and_what_is_ending() -> None:
    line = Line(slots=2, look_ahead=1)
    assert [line.enter(uuid4()) for _ in range(6)] == [*[None] * 5, "busy"]


def test_line_has_room_for_one_when_the_look_ahead_is_zero() -> None:
    line = Line(slots=1, look_ahead=0)
    assert [line.enter(uuid4()) for _ in range(4)] == [*[None] * 3, "busy"]


def test_line_refuses_a_second_delivery_until_the_first_has_left() -> None:
    line, job = Line(slots=1, look_ahead=1), uuid4()
    assert line.enter(job) is None
    assert line.enter(job) == "already_here"
    line.leave(job)
    assert line.enter(job) is None


async def test_turns_come_in_order_and_only_once_the_line_is_open() -> None:
    line = Line(slots=1, look_ahead=2)
    order: list[int] = []

    async def work(number: int) -> None:
        with await line.turn():
            order.append(number)

    tasks = [asyncio.create_task(work(number)) for number in range(3)]
    await asyncio.sleep(0)
    assert (order, line.waiting) == ([], 3)
    line.open()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2]


async def test_turn_given_back_early_is_not_given_back_twice() -> None:
    line = Line(slots=1, look_ahead=2)
    line.open()
    with await line.turn() as first:
        first.give_back()
        second = await line.turn()
    third = asyncio.create_task(line.turn())
    await asyncio.sleep(0)
    assert not third.done()
    second.give_back()
    await third


async def test_closed_line_sends_the_waiting_away_and_refuses_newcomers() -> None:
    line = Line(slots=1, look_ahead=1)
    waiting = asyncio.create_task(line.turn())
    await asyncio.sleep(0)
    line.close()
    with pytest.raises(ClosedError):
        await waiting
    with pytest.raises(ClosedError):
        await line.turn()
    assert line.enter(uuid4()) == "draining"


async def test_emptied_tells_whether_the_last_job_left_in_time() -> None:
    line, job = Line(slots=1, look_ahead=1), uuid4()
    line.enter(job)
    assert not await line.emptied(0.01)
    line.leave(job)
    assert await line.emptied(0.01)
