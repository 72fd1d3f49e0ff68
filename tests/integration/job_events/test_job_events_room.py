"""GET /job-events: how many streams a user and a process may have open."""

import contextlib
from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest

from functions.job_events.stream_registry import MAX_PER_USER, Streams
from shared.errors import TooManyRequestsError
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.sse_client import SseClient

PATH = "/functions/v1/job-events"


def test_a_user_has_so_many_streams_and_no_more(bare: LocalSystem, person: UserClient) -> None:
    headers = {"authorization": f"Bearer {person.token}"}
    with contextlib.ExitStack() as several:
        first = several.enter_context(SseClient(person))
        for _ in range(MAX_PER_USER - 1):
            assert several.enter_context(SseClient(person)).answer.status_code == 200
        refused = web.get(f"{bare.base}{PATH}", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
        assert int(refused.headers["retry-after"]) > 0
        with SseClient(UserClient(bare)) as other:
            assert other.answer.status_code == 200
        first.__exit__(None, None, None)
        wait_until(lambda: _can_open(person), what="the place of the one that ended")


def _can_open(person: UserClient) -> bool:
    with SseClient(person) as stream:
        return stream.answer.status_code == 200


async def _pieces() -> AsyncGenerator[bytes, None]:
    yield b"a"
    yield b"b"


async def test_a_process_has_so_many_streams_and_no_more() -> None:
    streams = Streams(max_streams=2)
    first = await streams.count(uuid4(), _pieces())
    second = await streams.count(uuid4(), _pieces())
    with pytest.raises(TooManyRequestsError):
        await streams.count(uuid4(), _pieces())
    assert [piece async for piece in first] == [b"a", b"b"]
    third = await streams.count(uuid4(), _pieces())
    await second.aclose()  # nothing of it was read
    assert await streams.count(uuid4(), _pieces())
    await third.aclose()
