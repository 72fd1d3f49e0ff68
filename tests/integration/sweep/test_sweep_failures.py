"""sweep-jobs: rows that fail repeatedly do not keep other rows from being processed."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from psycopg.errors import CheckViolation

from functions.sweep_jobs import expired_leases, expiry
from functions.sweep_jobs.report import SweepJobsResponse
from shared.errors import ServiceUnavailableError
from shared.services import Services
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.sweep import Sweep
from tests.support.workspace import library, make

FAILING = 3
LIMIT = 2
"""Lower than the number of failing rows."""

_PAST = "now() - interval '1 hour'"
_EXPIRED = f"update jobs set lease_until = {_PAST}, deadline_at = {_PAST} where user_id = %s"
_OVERDUE = f"update jobs set expires_at = {_PAST} where user_id = %s"


@pytest.fixture
async def services(bare: LocalSystem, sweep: Sweep) -> AsyncIterator[Services]:
    """The sweep's services in this process; the system has nothing left to sweep."""
    assert sweep()["not_done"] == []
    opened = Services(bare.settings())
    yield opened
    await opened.close()


@pytest.fixture
def unlucky(bare: LocalSystem) -> UserClient:
    """The owner of the rows that fail."""
    return UserClient(bare)


@contextmanager
def _refunds_failing(system: LocalSystem, person: UserClient) -> Iterator[None]:
    """Let no job of the user be failed: its refund violates a constraint."""
    with system.database() as connection:
        check = f"check (user_id <> '{person.id}' or kind <> 'refund') not valid"
        connection.execute(f"alter table credit_ledger add constraint closed {check}".encode())
        try:
            yield
        finally:
            connection.execute(b"alter table credit_ledger drop constraint closed")


@contextmanager
def _refusing_server() -> Iterator[str]:
    """The URL of a storage server that refuses every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(403)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _begun(person: UserClient, worker: ScriptedWorker) -> str:
    job_id = person.create_job()
    worker.claimed(job_id)
    return job_id


async def _sweep_twice(part: Callable[[SweepJobsResponse], Awaitable[None]]) -> None:
    """Sweep twice: each time the error of the failing rows is raised after the other rows."""
    for _ in range(2):
        with pytest.raises(CheckViolation):
            await part(SweepJobsResponse())


async def test_claims_that_cannot_be_ended_do_not_starve_the_others(
    bare: LocalSystem,
    services: Services,
    unlucky: UserClient,
    person: UserClient,
    hand_worker: ScriptedWorker,
) -> None:
    stuck = [_begun(unlucky, hand_worker) for _ in range(FAILING)]
    good = _begun(person, hand_worker)
    for owner in (unlucky, person):
        bare.rows(f"{_EXPIRED} returning id", owner.id)
    with _refunds_failing(bare, unlucky):
        await _sweep_twice(
            partial(expired_leases.recover_expired_leases, services, max_claims=LIMIT)
        )
        assert person.status(good) == "failed"
        assert {unlucky.status(job_id) for job_id in stuck} == {"processing"}
    await expired_leases.recover_expired_leases(services, SweepJobsResponse())
    assert {unlucky.status(job_id) for job_id in stuck} == {"failed"}


async def test_jobs_that_cannot_be_ended_do_not_starve_the_others(
    bare: LocalSystem, services: Services, unlucky: UserClient, person: UserClient
) -> None:
    stuck = [unlucky.create_job() for _ in range(FAILING)]
    good = person.create_job()
    for owner in (unlucky, person):
        bare.rows(f"{_OVERDUE} returning id", owner.id)
    with _refunds_failing(bare, unlucky):
        await _sweep_twice(partial(expiry.end_overdue_jobs, services, max_jobs=LIMIT))
        assert person.status(good) == "failed"
        assert {unlucky.status(job_id) for job_id in stuck} == {"queued"}
    await expiry.end_overdue_jobs(services, SweepJobsResponse())
    assert {unlucky.status(job_id) for job_id in stuck} == {"failed"}


async def test_a_job_is_not_kept_for_a_storage_that_stays_away(
    bare: LocalSystem, sweep: Sweep, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    kept, ended = _begun(person, hand_worker), _begun(person, hand_worker)
    bare.rows(f"{_EXPIRED} returning id", person.id)
    deadline = "update jobs set deadline_at = now() - interval '1 min' where id = %s returning id"
    bare.rows(deadline, kept)
    with _refusing_server() as url:
        services = Services(bare.settings(storage_emulator_host=url))
        with pytest.raises(ServiceUnavailableError):
            await expired_leases.recover_expired_leases(services, SweepJobsResponse())
        await services.close()
    assert (person.status(kept), person.status(ended)) == ("processing", "failed")
    sweep()
    assert person.status(kept) == "failed"


def test_assets_that_cannot_be_copied_do_not_stop_the_promotions(
    bare: LocalSystem,
    unlucky: UserClient,
    person: UserClient,
    hand_worker: ScriptedWorker,
    sweep: Sweep,
) -> None:
    assets = [*make(unlucky, hand_worker, num_images=FAILING), *make(person, hand_worker)]
    pending = "update workspace_assets set promotion = 'pending' where id = any(%s) returning id"
    bare.rows(pending, assets)
    refused = "update workspace_assets set generation = -1 where user_id = %s returning id"
    bare.rows(refused, unlucky.id)
    assert sweep()["promoted"] == 1
    assert [row["source_asset_id"] for row in library(person)] == assets[FAILING:]
    left = "update workspace_assets set promotion = 'none' where user_id = %s returning id"
    bare.rows(left, unlucky.id)
