"""Parts that are killed or away: no job is lost, doubled or charged twice."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.hand_worker import HandWorker
from tests.system import Person, System, until


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system whose noop worker takes a second a job, and where leases are short."""
    system = System(
        tmp_path_factory.mktemp("slow") / "data",
        worker="noop",
        NOOP_STEPS="20",
        NOOP_SECONDS="0.05",
        LEASE_SECONDS="1.5",
        SWEEP_SECONDS="0.3",
        DRAIN_SECONDS="0.2",
    )
    system.start()
    yield system
    assert system.stop() == 0


@pytest.fixture
def somebody(slow: System) -> Person:
    return Person(slow)


def _wait_until_running(person: Person, job_id: str) -> None:
    until(
        lambda: any(
            row["step"] and row["step"] > 2
            for row in person.rows("job_progress", job_id=f"eq.{job_id}")
        ),
        seconds=20,
        what="the job to be in its middle",
    )


def _assert_made_once(system: System, person: Person, job_id: str) -> None:
    person.wait_for(job_id, seconds=60)
    assert len(person.rows("workspace_assets", job_id=f"eq.{job_id}")) == 1
    ledger = person.rows("credit_ledger", job_id=f"eq.{job_id}", order="created_at.asc")
    assert [entry["kind"] for entry in ledger] == ["reserve", "settle"]
    open_jobs = person.rows("jobs", select="id", completed_at="is.null")
    counted = system.rows(
        "select waiting + running as open from turns where user_id = %s", person.id
    )
    assert counted == [{"open": len(open_jobs)}]


@pytest.mark.parametrize("name", ["worker", "gateway", "tasks", "storage", "postgres"])
def test_a_job_completes_once_when_a_part_is_killed_in_its_middle(
    slow: System, somebody: Person, name: str
) -> None:
    job_id = somebody.queue()
    _wait_until_running(somebody, job_id)
    slow.kill(name)
    if name in {"gateway", "postgres"}:
        until(lambda: _answers(somebody), seconds=20, what="the gateway to answer again")
    _assert_made_once(slow, somebody, job_id)
    (job,) = somebody.rows("jobs", id=f"eq.{job_id}")
    # A part that was away longer than a lease may cost an attempt; a worker always does.
    assert job["attempts"] in ({2} if name == "worker" else {1, 2})


def test_a_draining_worker_hands_its_job_back_at_no_attempt(slow: System, somebody: Person) -> None:
    job_id = somebody.queue()
    other = somebody.queue()
    _wait_until_running(somebody, job_id)
    os.kill(slow.pids()["worker"], signal.SIGTERM)
    _assert_made_once(slow, somebody, job_id)
    _assert_made_once(slow, somebody, other)
    outcomes = slow.rows(
        "select attempt, outcome from job_claims where job_id = %s order by created_at", job_id
    )
    assert outcomes == [
        {"attempt": 1, "outcome": "handed_back"},
        {"attempt": 1, "outcome": "completed"},
    ]


def test_a_job_is_accepted_while_the_queue_is_away_and_runs_once_it_is_back(
    bare: System, person: Person, hand_worker: HandWorker
) -> None:
    os.kill(bare.pids()["tasks"], signal.SIGSTOP)
    try:
        job_id = person.queue()
        assert person.status(job_id) == "queued"
    finally:
        os.kill(bare.pids()["tasks"], signal.SIGCONT)
    hand_worker.message(person.queue())  # any fill dispatches what waits
    hand_worker.message(job_id)
    hand_worker.finish(job_id)
    assert person.status(job_id) == "completed"


def test_a_database_that_is_away_is_503_with_retry_after_and_the_pool_comes_back(
    slow: System, somebody: Person
) -> None:
    os.kill(slow.pids()["postgres"], signal.SIGKILL)
    answers = [somebody.ask() for _ in range(3)]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.status_code for answer in answers} <= {202, 503}
    assert refused
    assert all(answer.headers["retry-after"] == "2" for answer in refused)
    assert all(answer.json()["code"] == "unavailable" for answer in refused)
    until(lambda: somebody.ask().status_code == 202, seconds=20, what="the pool to come back")


def test_turns_are_fair_between_a_hoarder_and_a_newcomer(slow: System) -> None:
    hoarder, newcomer = Person(slow), Person(slow)
    hoard = [hoarder.queue() for _ in range(8)]
    wanted = newcomer.queue()
    newcomer.wait_for(wanted, seconds=30)
    done = [hoarder.status(job_id) for job_id in hoard].count("completed")
    assert done <= 4, "one in work, one sent ahead, and the newcomer's turn"


def _answers(person: Person) -> bool:
    try:
        return person.get("/rest/v1/jobs", limit="1").status_code == 200
    except OSError:
        return False
    except Exception as error:
        if type(error).__module__.startswith("httpx"):
            return False
        raise
