"""sweep-jobs: a failure or delay in one step does not affect the other steps."""

from collections.abc import AsyncIterator

import pytest

from functions.sweep_jobs import runner
from functions.sweep_jobs.main import STEPS
from functions.sweep_jobs.report import SweepJobsResponse
from shared.errors import ServiceUnavailableError
from shared.services import Services
from tests.support.local_system import LocalSystem, UserClient, free_port


async def _works(_: Services, done: SweepJobsResponse) -> None:
    done.promoted += 1


async def _lacks(_: Services, done: SweepJobsResponse) -> None:
    done.failed += 1
    raise ServiceUnavailableError


async def _fails(_: Services, __: SweepJobsResponse) -> None:
    raise LookupError


async def _hangs(services: Services, _: SweepJobsResponse) -> None:
    async with services.database.transaction() as connection:
        await connection.execute("select pg_sleep(8)")


@pytest.fixture
async def services(bare: LocalSystem) -> AsyncIterator[Services]:
    services = Services(bare.settings())
    yield services
    await services.close()


async def test_whatever_one_part_has_the_others_run(services: Services) -> None:
    mixed = {"lacks": _lacks, "works": _works, "fails": _fails, "hangs": _hangs, "too": _works}
    done = await runner.run(mixed, services, part_seconds=0.05)
    assert done.not_done == ["lacks", "fails", "hangs"]
    assert (done.promoted, done.failed) == (2, 1), "what a part did before it failed is counted"


async def test_what_is_cut_off_gives_its_connection_back(services: Services) -> None:
    limit = services.settings.database_connections
    hanging = dict.fromkeys(map(str, range(limit + 1)), _hangs)
    done = await runner.run({**hanging, "works": _works}, services, part_seconds=0.05)
    assert (len(done.not_done), done.promoted) == (limit + 1, 1)


async def test_what_the_sweep_has_no_time_for_is_left(bare: LocalSystem) -> None:
    seconds = iter([0, 0, 59, 60, 61])
    services = Services(bare.settings(), clock=lambda: next(seconds))
    done = await runner.run(dict.fromkeys("abcd", _works), services)
    assert (done.promoted, done.not_done) == (2, ["c", "d"])


async def test_without_the_database_it_is_unavailable(bare: LocalSystem) -> None:
    url = f"postgresql://no_user@127.0.0.1:{free_port()}/none"
    services = Services(bare.settings(database_url=url))
    with pytest.raises(ServiceUnavailableError):
        await runner.run({"lacks": _lacks, "works": _works}, services)
    await services.close()


async def test_each_is_acted_on_whatever_the_others_have() -> None:
    seen = []

    async def act(item: int) -> None:
        seen.append(item)
        if item % 2:
            raise LookupError(item)

    with pytest.raises(LookupError, match="1"):
        await runner.for_each(act, range(12))
    assert seen == list(range(12))


async def test_a_table_that_is_locked_holds_up_its_own_parts_alone(
    bare: LocalSystem, person: UserClient
) -> None:
    job_id = person.create_job()
    bare.rows("update jobs set expires_at = now() where id = %s returning id", job_id)
    services = Services(bare.settings(lock_timeout_ms=100))
    with bare.database() as connection, connection.transaction():
        connection.execute(b"lock table deleted_library_assets")
        done = await runner.run(STEPS, services)
    own = ["orphaned objects", "deleted library assets", "deletions_forgotten"]
    assert done.not_done == own
    assert person.status(job_id) == "failed"
    await services.close()
