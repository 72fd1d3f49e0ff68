"""Shared fixtures: local systems started once per run, their users and a scripted worker."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from infra.local.config import keys
from infra.local.config.environment import OIDC_ISSUER, SCHEDULER_EMAIL
from infra.local.tasks_emulator.oidc import TokenSigner
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

_SLOW_SECONDS = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the slow tests a longer timeout than pyproject.toml gives to each test."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_SLOW_SECONDS))


@pytest.fixture(scope="session")
def noop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system with the noop worker."""
    yield from _running(LocalSystem(tmp_path_factory.mktemp("noop") / "data", worker="noop"))


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system without a worker, swept only by the tests."""
    yield from _running(
        LocalSystem(
            tmp_path_factory.mktemp("bare") / "data",
            worker="none",
            SWEEP_SECONDS="3600",
            EVENT_POLL_SECONDS="3600",
            MAX_QUEUED_JOBS_PER_USER="5",
            STARTING_CREDITS="20",
            IDEMPOTENCY_WAIT_SECONDS="120",
        )
    )


@pytest.fixture(scope="session")
def hand_worker(bare: LocalSystem) -> Iterator[ScriptedWorker]:
    """A worker that a test controls, with enough slots for the jobs of all tests."""
    worker = ScriptedWorker(bare)
    assert worker.register(slots=1000).status_code == 200
    yield worker
    worker.close()


@pytest.fixture
def user(noop: LocalSystem) -> UserClient:
    """A new user of the system with the noop worker."""
    return UserClient(noop)


@pytest.fixture
def person(bare: LocalSystem) -> UserClient:
    """A new user of the system without a worker."""
    return UserClient(bare)


@pytest.fixture
def sweep(bare: LocalSystem) -> Callable[[], dict[str, int]]:
    """A function that sweeps the system without a worker and returns the counts of the sweep."""
    return sweep_of(bare)


@pytest.fixture(autouse=True)
def _settled(request: pytest.FixtureRequest) -> None:
    """Before a test that sweeps, leave no work for the sweep except what the test creates."""
    if "sweep" in request.fixturenames:
        settle(request.getfixturevalue("bare"))


_OPEN_JOBS_END = """
    update jobs set expires_at = now(), deadline_at = now(), lease_until = now(), claim_by = now()
    where completed_at is null
"""
_FILES_ARE_DUE = (
    "update jobs set cleanup_after = now() where cleanup_after > now()",
    "update deleted_library_assets set cleanup_after = now() where cleanup_after > now()",
    "delete from unfinished_copies",
)
_WORKERS_ARE_GONE = "update workers set is_active = false where key_id <> 'demo'"
_HAND_WORKER_IS_UP = """
    update workers set health = 'healthy', is_active = true, last_seen = now()
    where key_id = 'demo'
"""


def settle(system: LocalSystem) -> None:
    """End everything that earlier tests left open; sweep until there is no more work."""
    sweep = sweep_of(system)
    with system.database() as connection:
        for statement in (_OPEN_JOBS_END, *_FILES_ARE_DUE, _WORKERS_ARE_GONE, _HAND_WORKER_IS_UP):
            connection.execute(statement.encode())
        while _has_work(sweep()):
            pass


def _has_work(counts: Mapping[str, object]) -> bool:
    counted = {name: count for name, count in counts.items() if not name.startswith("workers_")}
    return any(isinstance(count, int) and count for count in counted.values() if count is not True)


def sweep_of(system: LocalSystem) -> Callable[[], dict[str, int]]:
    """Return a function that calls the system's sweep endpoint as its scheduler does."""
    url = f"{system.base}/functions/v1/sweep-jobs"
    signer = TokenSigner(keys.oidc_key().read_bytes(), OIDC_ISSUER)

    def call() -> dict[str, int]:
        token = signer.token(SCHEDULER_EMAIL, url)
        answer = web.post(url, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        counts: dict[str, int] = answer.json()
        return counts

    return call


def _running(system: LocalSystem) -> Iterator[LocalSystem]:
    system.start()
    yield system
    assert system.stop() == 0
