"""Components that are killed or unavailable: no job is lost, duplicated or charged twice."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from infra.local.config import keys
from shared.contracts import webhook_signature
from shared.contracts.worker_protocol import JobMessage
from tests.reliability.worker_process import working
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker

_BODY = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a red star on blue"}}


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system whose noop worker takes a second per job.

    The lease is longer than a busy machine can delay a worker's heartbeats.
    """
    system = LocalSystem(
        tmp_path_factory.mktemp("slow") / "data",
        worker="noop",
        NOOP_STEPS="20",
        NOOP_SECONDS="0.05",
        LEASE_SECONDS="5",
        SWEEP_SECONDS="0.3",
        DRAIN_SECONDS="0.2",
    )
    system.start()
    yield system
    assert system.stop() == 0


@pytest.fixture
def user(slow: LocalSystem) -> UserClient:
    return UserClient(slow)


def _wait_until_running(person: UserClient, job_id: str) -> None:
    wait_until(
        lambda: any(
            row["step"] and row["step"] > 2
            for row in person.rows("job_progress", job_id=f"eq.{job_id}")
        ),
        what="the job to be in its middle",
    )


def _is_completed(person: UserClient, job_id: str) -> bool:
    """Whether the job is completed; False while the gateway or the database is unavailable."""
    try:
        response = person.get("/rest/v1/jobs", id=f"eq.{job_id}", select="status")
    except httpx.TransportError:
        return False
    return response.is_success and response.json() == [{"status": "completed"}]


def _assert_made_once(system: LocalSystem, person: UserClient, job_id: str) -> None:
    person.wait_for(job_id)
    assert len(person.rows("workspace_assets", job_id=f"eq.{job_id}")) == 1
    ledger = person.rows("credit_ledger", job_id=f"eq.{job_id}", order="created_at.asc")
    assert [entry["kind"] for entry in ledger] == ["reserve", "settle"]
    open_jobs = person.rows("jobs", select="id", completed_at="is.null")
    counted = system.rows(
        "select waiting + running as open from user_queues where user_id = %s", person.id
    )
    assert counted == [{"open": len(open_jobs)}]


@pytest.mark.parametrize("name", ["worker", "gateway", "tasks", "storage", "postgres"])
def test_a_job_completes_once_when_a_part_is_killed_in_its_middle(
    slow: LocalSystem, user: UserClient, name: str
) -> None:
    job_id = user.create_job()
    _wait_until_running(user, job_id)
    slow.kill(name)
    wait_until(lambda: _is_completed(user, job_id), what=f"{job_id} to complete")
    _assert_made_once(slow, user, job_id)
    (job,) = user.rows("jobs", id=f"eq.{job_id}")
    # An outage longer than a lease may cost an attempt; the death of a worker always does.
    assert job["attempts"] >= (2 if name == "worker" else 1)


def test_a_draining_worker_hands_its_job_back_at_no_attempt(
    slow: LocalSystem, user: UserClient
) -> None:
    job_id = user.create_job()
    other = user.create_job()
    _wait_until_running(user, job_id)
    os.kill(slow.pids()["worker"], signal.SIGTERM)
    _assert_made_once(slow, user, job_id)
    _assert_made_once(slow, user, other)
    outcomes = slow.rows(
        "select attempt, outcome from job_claims where job_id = %s order by created_at", job_id
    )
    assert outcomes == [
        {"attempt": 1, "outcome": "requeued"},
        {"attempt": 1, "outcome": "completed"},
    ]


def test_a_job_is_accepted_while_the_queue_is_away_and_runs_once_it_is_back(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    os.kill(bare.pids()["tasks"], signal.SIGSTOP)
    try:
        job_id = person.create_job()
        assert person.status(job_id) == "queued"
    finally:
        os.kill(bare.pids()["tasks"], signal.SIGCONT)
    hand_worker.message(person.create_job())  # any dispatch run also sends the jobs that wait
    hand_worker.message(job_id)
    hand_worker.finish(job_id)
    assert person.status(job_id) == "completed"


def test_a_database_that_is_away_is_503_with_retry_after_and_the_pool_comes_back(
    slow: LocalSystem, user: UserClient
) -> None:
    with slow.supervisor_paused():  # the supervisor would restart Postgres
        os.kill(slow.pids()["postgres"], signal.SIGKILL)
        refused = [user.post_job() for _ in range(2)]
    assert {response.status_code for response in refused} == {503}
    assert all(response.headers["retry-after"] == "2" for response in refused)
    assert all(response.json()["code"] == "unavailable" for response in refused)
    wait_until(lambda: user.post_job().status_code == 202, what="the pool to come back")


def test_postgres_restarts_under_load_and_no_accepted_job_is_lost(slow: LocalSystem) -> None:
    people = [UserClient(slow) for _ in range(4)]
    done = threading.Event()

    def ask(person: UserClient) -> tuple[list[str], list[httpx.Response]]:
        """Queue jobs as a client should: retry under the same key until the job is accepted."""
        jobs: list[str] = []
        refused: list[httpx.Response] = []
        is_accepted = False
        while not (done.is_set() and is_accepted):
            key = {"idempotency-key": f"key {len(jobs)}"}
            answer = person.invoke("queue-job", _BODY, **key)
            is_accepted = answer.status_code == 202
            if is_accepted:
                jobs.append(str(answer.json()["job"]["id"]))
            else:
                refused.append(answer)
            time.sleep(0.1)
        return jobs, refused

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, person) for person in people]
        for _ in range(2):
            time.sleep(0.3)
            wait_until(lambda: "postgres" in slow.pids(), what="its restart")
            slow.kill("postgres")
        wait_until(lambda: _answers(people[0]), what="the database to be back")
        done.set()
        responses = [future.result() for future in asking]
    refused = [answer for _, several in responses for answer in several]
    assert {answer.status_code for answer in refused} <= {409, 503}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    accepted = {job for jobs, _ in responses for job in jobs}
    rows = slow.rows(
        "select id::text from jobs where user_id = any(%s::uuid[])",
        [person.id for person in people],
    )
    assert {row["id"] for row in rows} == accepted
    slow.rows("update jobs set expires_at = now() where status = 'queued' returning id")


def test_a_task_that_is_delivered_again_after_its_job_ran_is_declined(
    slow: LocalSystem, user: UserClient
) -> None:
    job_id = user.create_job()
    _assert_made_once(slow, user, job_id)
    late = _deliver(slow.worker_url(), _message(slow, job_id))
    assert (late.status_code, late.json()["outcome"]) == (200, "declined")
    _assert_made_once(slow, user, job_id)


def test_a_task_that_is_delivered_again_while_its_job_runs_stays_in_its_queue(
    tmp_path: Path,
) -> None:
    system = LocalSystem(tmp_path / "data", worker="none")
    system.start()
    try:
        with working(system, slots=1, steps=1_000_000) as worker:  # it runs until it is cancelled
            person = UserClient(system)
            job_id = person.create_job()
            _wait_until_running(person, job_id)
            again = [_deliver(worker.url, _message(system, job_id)) for _ in range(2)]
            assert {response.status_code for response in again} == {503}
            assert person.rows("jobs", id=f"eq.{job_id}")[0]["attempts"] == 1
            cancel = {"action": "cancel_job", "jobId": job_id}
            assert person.invoke("workspace-actions", cancel).status_code == 200
            wait_until(
                lambda: _deliver(worker.url, _message(system, job_id)).status_code == 200,
                what="the worker to stop, and to decline what is delivered then",
            )
        assert person.rows("workspace_assets") == []
        assert person.ledger() == ["grant", "reserve", "refund"]
    finally:
        assert system.stop() == 0


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_whose_clock_is_an_hour_off_makes_its_jobs(tmp_path: Path, hours: int) -> None:
    system = LocalSystem(tmp_path / "data", worker="none")
    system.start()
    shift = f"import time; real = time.time; time.time = lambda: real() + {3600 * hours}"
    try:
        with working(system, prelude=shift):
            person = UserClient(system)
            job_id = person.create_job()
            _assert_made_once(system, person, job_id)
    finally:
        assert system.stop() == 0


def test_turns_are_fair_between_a_hoarder_and_a_newcomer(slow: LocalSystem) -> None:
    hoarder, newcomer = UserClient(slow), UserClient(slow)
    hoard = [hoarder.create_job() for _ in range(8)]
    newcomer_job = newcomer.create_job()
    newcomer.wait_for(newcomer_job)
    for job_id in hoard:
        hoarder.wait_for(job_id)
    earlier = slow.value(
        "select count(*) from jobs where id = any(%s::uuid[])"
        " and completed_at < (select completed_at from jobs where id = %s)",
        hoard,
        newcomer_job,
    )
    assert earlier <= 4, "one in work, one sent ahead, and the newcomer's turn"


def _message(system: LocalSystem, job_id: str) -> str:
    """The message of a job's latest dispatch."""
    (job,) = system.rows("select * from jobs where id = %s", job_id)
    return JobMessage(
        job_id=job["id"],
        user_id=job["user_id"],
        dispatch_no=job["dispatch_no"],
        job_type=job["job_type"],
        parameters=job["parameters"],
        expires_at=job["expires_at"],
    ).model_dump_json(by_alias=True)


def _deliver(worker_url: str, message: str) -> httpx.Response:
    """Push a message to a worker as the queue does."""
    signature_headers = webhook_signature.sign(
        keys.worker_key("noop"),
        worker_id="noop",
        message_id="again",
        timestamp=int(time.time()),
        body=message.encode(),
    )
    headers = {"content-type": "application/json", **signature_headers}
    return web.post(f"{worker_url}/jobs", content=message, headers=headers)


def _answers(person: UserClient) -> bool:
    try:
        return person.get("/rest/v1/jobs", limit="1").status_code == 200
    except OSError:
        return False
    except Exception as error:
        if type(error).__module__.startswith("httpx"):
            return False
        raise
