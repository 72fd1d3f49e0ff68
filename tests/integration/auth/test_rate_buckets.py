"""A user's token bucket: its content over time, by the clock of the database."""

import math
import random
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from shared.db.connection import Connection
from shared.db.queries import rate_limits
from shared.services import Services
from tests.support.local_system import LocalSystem


@pytest.fixture
async def connection(bare: LocalSystem) -> AsyncIterator[Connection]:
    """A transaction, in which the database's clock stands still; rolled back at the end."""
    services = Services(bare.settings())
    async with services.database.transaction() as connection:
        yield connection
        await connection.rollback()
    await services.close()


@pytest.mark.parametrize("per_minute", [1, 3, 7, 10, 30, 60, 120, 1000])
async def test_the_seconds_are_true_from_wherever_the_bucket_stands(
    connection: Connection, per_minute: int
) -> None:
    chance = random.Random(per_minute)
    user_id = uuid4()
    for _ in range(40):
        await _empty(connection, user_id)
        assert await _take(connection, user_id, per_minute) is not None
        await _wait(connection, user_id, chance.random() * 60 / per_minute * 0.99)
        exact = await _take(connection, user_id, per_minute)
        assert exact is not None
        seconds = math.ceil(exact)
        assert seconds >= 1
        await _wait(connection, user_id, seconds - 1)
        assert await _take(connection, user_id, per_minute) is not None
        await _wait(connection, user_id, 1)
        assert await _take(connection, user_id, per_minute) is None


async def test_a_bucket_holds_a_minutes_worth_and_fills_no_further(connection: Connection) -> None:
    user_id = uuid4()
    for wait in (0, 60, 86_400):
        await _wait(connection, user_id, wait)
        taken = [await _take(connection, user_id, 10) for _ in range(11)]
        assert taken[:10] == [None] * 10
        assert taken[10] == pytest.approx(6, abs=1e-3)


async def test_a_limit_that_is_lowered_holds_at_once(connection: Connection) -> None:
    user_id = uuid4()
    assert await _take(connection, user_id, 1000) is None
    taken = [await _take(connection, user_id, 2) for _ in range(3)]
    assert [one is None for one in taken] == [True, True, False]


async def _take(connection: Connection, user_id: UUID, per_minute: int) -> float | None:
    return await rate_limits.take(connection, user_id=user_id, bucket="jobs", per_minute=per_minute)


async def _empty(connection: Connection, user_id: UUID) -> None:
    await connection.execute(
        "insert into rate_buckets (user_id, bucket, tokens) values (%(user_id)s, 'jobs', 0)"
        " on conflict (user_id, bucket) do update set tokens = 0, refilled_at = now()",
        {"user_id": user_id},
    )


async def _wait(connection: Connection, user_id: UUID, seconds: float) -> None:
    """Move the time of the last refill back by this many seconds."""
    await connection.execute(
        "update rate_buckets set refilled_at = refilled_at - make_interval(secs => %(seconds)s)"
        " where user_id = %(user_id)s",
        {"user_id": user_id, "seconds": seconds},
    )
