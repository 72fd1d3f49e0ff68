"""Slots of a worker: admission, and the order in which waiting jobs get one."""

import asyncio
from uuid import uuid4

import pytest

from gpu_workers.runtime.jobs.slots import QueueClosedError, SlotQueue


def test_line_is_busy_beyond_the_window_and_what_is_ending() -> None:
    queue = SlotQueue(slots=2, prefetch_jobs=1)
    assert [queue.enter(uuid4()) for _ in range(6)] == [*[None] * 5, "busy"]


def test_line_has_room_for_one_when_prefetch_is_zero() -> None:
    queue = SlotQueue(slots=1, prefetch_jobs=0)
    assert [queue.enter(uuid4()) for _ in range(4)] == [*[None] * 3, "busy"]


def test_line_refuses_a_second_delivery_until_the_first_has_left() -> None:
    queue, job = SlotQueue(slots=1, prefetch_jobs=1), uuid4()
    assert queue.enter(job) is None
    assert queue.enter(job) == "already_here"
    queue.leave(job)
    assert queue.enter(job) is None


async def test_turns_come_in_order_and_only_once_the_line_is_open() -> None:
    queue = SlotQueue(slots=1, prefetch_jobs=2)
    order: list[int] = []

    async def work(number: int) -> None:
        with await queue.acquire():
            order.append(number)

    tasks = [asyncio.create_task(work(number)) for number in range(3)]
    await asyncio.sleep(0)
    assert (order, queue.waiting) == ([], 3)
    queue.open()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2]


async def test_a_slot_released_early_is_not_released_twice() -> None:
    queue = SlotQueue(slots=1, prefetch_jobs=2)
    queue.open()
    with await queue.acquire() as first:
        first.release()
        second = await queue.acquire()
    third = asyncio.create_task(queue.acquire())
    await asyncio.sleep(0)
    assert not third.done()
    second.release()
    await third


async def test_closed_line_sends_the_waiting_away_and_refuses_newcomers() -> None:
    queue = SlotQueue(slots=1, prefetch_jobs=1)
    waiting = asyncio.create_task(queue.acquire())
    await asyncio.sleep(0)
    queue.close()
    with pytest.raises(QueueClosedError):
        await waiting
    with pytest.raises(QueueClosedError):
        await queue.acquire()
    assert queue.enter(uuid4()) == "draining"


async def test_emptied_returns_whether_the_last_job_ended_in_time() -> None:
    queue, job = SlotQueue(slots=1, prefetch_jobs=1), uuid4()
    queue.enter(job)
    assert not await queue.wait_empty(0.01)
    queue.leave(job)
    assert await queue.wait_empty(0.01)
