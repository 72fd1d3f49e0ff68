"""Which of its connections a process uses next."""

import asyncio

from psycopg import sql

from shared.database import Database
from shared.services import Services
from tests.system import System


async def test_the_connection_that_was_used_last_is_used_next(bare: System) -> None:
    services = Services(bare.settings())
    try:
        await asyncio.gather(*(_server_process(services.database) for _ in range(3)))
        used = [await _server_process(services.database, seconds=0) for _ in range(6)]
        assert len(set(used)) == 1
    finally:
        await services.close()


async def _server_process(database: Database, seconds: float = 0.2) -> int:
    asked = sql.SQL("select pg_backend_pid() as id, pg_sleep({})").format(seconds)
    async with database.autocommit() as connection:
        row = await (await connection.execute(asked)).fetchone()
    assert row
    return int(row["id"])
