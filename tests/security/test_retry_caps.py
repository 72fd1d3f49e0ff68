"""Free operations are limited: retries, requeues, reports and moves of workers."""

import math
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.security import concurrency
from tests.security.other_user import other_user
from tests.security.tally import Corpora, Tally
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker, no_other_workers
from tests.support.second_gateway import SecondGateway
from tests.support.workspace import act

JOBS_PER_MINUTE = 10
MOVES_PER_MINUTE = 10
MAX_CLAIMS = 6
"""Claims of one job: three attempts, and three requeues that do not count as attempts."""


@pytest.fixture(scope="module")
def limited(bare: LocalSystem) -> Iterator[SecondGateway]:
    """A second gateway with the designed limit of jobs."""
    revision = SecondGateway(bare, RATE_LIMIT_JOBS_PER_MINUTE=str(JOBS_PER_MINUTE))
    yield revision.up()
    revision.end()


def test_retries_and_cancels_make_no_more_jobs_than_the_limit(
    limited: SecondGateway, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    user = UserClient(limited)
    failed = user.create_job()
    claim_id, _ = hand_worker.claimed(failed)
    hand_worker.fail(failed, claim_id)
    url = f"{limited.base}/functions/v1/workspace-actions"
    headers = {"authorization": f"Bearer {user.token}"}
    began = time.monotonic()

    def retry_and_cancel(client: httpx.Client, _: int) -> None:
        body = {"action": "retry_job", "jobId": failed}
        retried = client.post(url, json=body, headers=headers)
        tally.answered("a retry", retried, {200, 429})
        if retried.status_code == 200:
            body = {"action": "cancel_job", "jobId": retried.json()["job"]["id"]}
            cancelled = client.post(url, json=body, headers=headers)
            tally.answered("a cancel", cancelled, {200})
        else:
            has_retry_after = int(retried.headers["retry-after"]) <= 60 // JOBS_PER_MINUTE + 1
            tally.refused("no Retry-After", is_refused=has_retry_after)

    with other_user(limited, tally):
        concurrency.each(range(corpora.size(300, short=80)), retry_and_cancel)
    refilled = math.ceil((time.monotonic() - began) * JOBS_PER_MINUTE / 60)
    jobs = limited.value("select count(*) from jobs where user_id = %s", user.id)
    for n in range(jobs):
        tally.refused(f"job {n + 1}", is_refused=n < JOBS_PER_MINUTE + refilled)


def test_a_job_is_not_handed_back_without_end(
    job: str, bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    with other_user(bare, tally):
        for n in range(corpora.size(100, short=20)):
            wait_until(
                lambda n=n: (  # type: ignore[misc]
                    _status(bare, job) != "queued" or hand_worker.messages[job].dispatch_no > n
                ),
                what=f"dispatch {n + 1}, or the job's end",
            )
            if _status(bare, job) != "queued":
                break
            claim_id, _ = hand_worker.claimed(job)
            handed_back = hand_worker.fail(job, claim_id, requeue=True, retryable=True)
            tally.answered("a hand-back", handed_back, {200})
            tally.refused(f"claim {n + 1}", is_refused=n < MAX_CLAIMS)
    tally.refused(_status(bare, job), is_refused=_status(bare, job) == "failed")


def test_reports_of_an_ended_job_leave_no_rows(
    job: str, bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    assets = hand_worker.upload(claim)
    assert hand_worker.complete(job, claim_id, assets).status_code == 200
    failed = hand_worker.callback_body(job, claim_id, "failed", failure={"code": "broken"})
    completed = hand_worker.callback_body(job, claim_id, "completed", results={"assets": assets})
    with other_user(bare, tally):
        for n in range(corpora.size(200, short=10)):
            for body in (failed, completed):
                message_id = f"msg_{job}_{body['status']}_{n}"
                answer = hand_worker.send("job-callback", body, message_id=message_id)
                tally.answered(body["status"], answer, {200})
    receipts = "select count(*) from webhook_receipts where webhook_id like %s"
    rows = bare.value(receipts, f"msg_{job}_%")
    tally.refused(f"{rows} rows", is_refused=rows == 0)


@pytest.fixture
def _no_other_wan_workers(bare: LocalSystem) -> Iterator[None]:
    with no_other_workers(bare, "wan", key_id="noop"):
        yield


@pytest.mark.usefixtures("_no_other_wan_workers")
def test_a_worker_that_moves_without_end_sends_no_more_tasks(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    here, there = ScriptedWorker(bare, "noop"), ScriptedWorker(bare, "noop")
    assert here.register("wan", slots=1000).status_code == 200
    job_id = person.create_job(job_type="image_fast")
    wait_until(lambda: job_id in here.messages, what="the job's message")
    began = time.monotonic()
    try:
        with other_user(bare, tally):
            for n in range(corpora.size(200, short=30)):
                moved = (there, here)[n % 2].register("wan", slots=1000)
                tally.answered("a move", moved, {200, 429})
        refilled = math.ceil((time.monotonic() - began) * MOVES_PER_MINUTE / 60)
        sent = bare.value("select dispatch_no from jobs where id = %s", job_id)
        for n in range(sent):
            tally.refused(f"dispatch {n + 1}", is_refused=n <= MOVES_PER_MINUTE + refilled)
    finally:
        act(person, "cancel_job", jobId=job_id)
        bare.rows("update workers set is_active = false where id = 'noop-wan' returning id")
        here.close()
        there.close()


def _status(system: LocalSystem, job_id: str) -> str:
    return str(system.value("select status from jobs where id = %s", job_id))


@pytest.fixture
def job(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """A job whose message has reached the worker."""
    job_id = person.create_job()
    hand_worker.message(job_id)
    return job_id
