"""Dispatch while a worker moves: jobs are sent to the worker's new URL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shared.db.pool import Database
from shared.db.queries import dispatch
from shared.db.queries.dispatch import DispatchWindow, WorkerAddress
from tests.support.local_system import LocalSystem, UserClient, wait_until

OLD, NEW = "http://127.0.0.1:9/old", "http://127.0.0.1:9/new"
WINDOW = DispatchWindow(
    queue="sdxl_queue", worker_type="sdxl", prefetch_jobs=0, key_ids=["mover"], seconds={}
)
WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted and pid = %s"


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[LocalSystem]:
    """A system in which no other process dispatches."""
    system = LocalSystem(tmp_path / "data", worker="none", SWEEP_SECONDS="3600")
    system.start()
    yield system
    assert system.stop() == 0


@pytest.fixture
async def database(alone: LocalSystem) -> AsyncIterator[Database]:
    made = Database(alone.settings())
    yield made
    await made.close()


async def _filled(database: Database, backend: "asyncio.Future[int]") -> list[WorkerAddress]:
    async with database.autocommit() as connection:
        backend.set_result(connection.info.backend_pid)
        return [address for _, address in await dispatch.dispatch(connection, WINDOW)]


async def test_a_fill_that_waited_knows_where_its_worker_has_moved(
    alone: LocalSystem, database: Database
) -> None:
    UserClient(alone).create_job()
    alone.rows(
        "insert into workers (id, worker_type, worker_url, key_id, slots, is_always_on)"
        " values ('mover', 'sdxl', %s, 'mover', 1, false) returning id",
        OLD,
    )
    with alone.database() as other, other.transaction():
        other.execute(
            "select pg_advisory_xact_lock(hashtext('dispatch'), hashtext(%s))", ["sdxl_queue"]
        )
        backend = asyncio.get_running_loop().create_future()
        filling = asyncio.create_task(_filled(database, backend))
        # The system's first sweep may wait for the same lock.
        pid = await backend
        await asyncio.to_thread(
            wait_until, lambda: alone.value(WAITING, pid) == 1, what="the fill to wait"
        )
        other.execute("update workers set worker_url = %s where id = 'mover'", [NEW])
    assert await filling == [WorkerAddress(NEW, "mover")]
