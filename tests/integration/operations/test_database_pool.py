"""Pooled connections that the server has closed."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.db.pool import Database
from shared.errors import ServiceUnavailableError
from tests.support.local_system import LocalSystem

CONNECTIONS = 4


@pytest.fixture
async def database(bare: LocalSystem) -> AsyncIterator[Database]:
    made = Database(bare.settings())
    yield made
    await made.close()


async def _pid(database: Database) -> int:
    async with database.autocommit() as connection:
        # The sleep lets concurrent queries each get a connection, in some round.
        rows = await connection.execute("select pg_backend_pid() as pid, pg_sleep(0.3)")
        row = await rows.fetchone()
    assert row
    pid: int = row["pid"]
    return pid


async def _pids(database: Database) -> set[int]:
    return set(await asyncio.gather(*(_pid(database) for _ in range(CONNECTIONS))))


async def test_connections_that_were_cut_off_fail_one_request_and_not_one_each(
    bare: LocalSystem, database: Database
) -> None:
    pids: set[int] = set()
    while len(pids) < CONNECTIONS:
        pids = await _pids(database)
    with bare.database() as outside:
        for pid in pids:
            outside.execute("select pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(ServiceUnavailableError):
        await _pid(database)
    later = [await _pid(database) for _ in range(2 * CONNECTIONS)]
    assert not pids & set(later)
