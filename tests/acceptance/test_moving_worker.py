"""A worker that moves to another URL while it has jobs: no job is lost or run twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.worker_process import working
from tests.support.local_system import LocalSystem, UserClient, wait_until

JOBS = 30


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[LocalSystem]:
    """A system without a worker."""
    system = LocalSystem(
        tmp_path / "data", worker="none", SWEEP_SECONDS="1", LEASE_SECONDS="3", PREFETCH_JOBS="4"
    )
    system.start()
    yield system
    assert system.stop() == 0


def test_jobs_follow_a_worker_that_moves_under_load(alone: LocalSystem) -> None:
    person = UserClient(alone)
    with working(alone, slots=2, steps=2) as first:
        jobs = [person.create_job() for _ in range(JOBS)]
        wait_until(lambda: _ended(alone, person) >= 3, what="some to be done")
        with working(alone, slots=2, steps=2) as second:
            assert first.url != second.url
            first.stop()
            wait_until(lambda: _ended(alone, person) == JOBS, what="all to be done")
            left = alone.rows("select distinct worker_url from workers")
            assert left == [{"worker_url": second.url}]
    rows = alone.rows(
        "select jobs.id::text, status, count(*) as assets from jobs"
        " join workspace_assets on workspace_assets.job_id = jobs.id where jobs.user_id = %s"
        " group by jobs.id",
        person.id,
    )
    assert {row["id"] for row in rows} == set(jobs)
    assert {(row["status"], row["assets"]) for row in rows} == {("completed", 1)}
    ledger = person.ledger()
    assert (ledger.count("reserve"), ledger.count("settle"), len(ledger)) == (JOBS, JOBS, 61)


def _ended(system: LocalSystem, person: UserClient) -> int:
    query = "select count(*) from jobs where user_id = %s and completed_at is not null"
    return int(system.value(query, person.id))
