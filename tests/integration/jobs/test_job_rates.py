"""Every way to create a job counts against the limit of jobs per minute."""

from collections.abc import Iterator

import pytest

from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.second_gateway import SecondGateway
from tests.support.workspace import act

JOBS = 3


@pytest.fixture(scope="module")
def limited(bare: LocalSystem) -> Iterator[SecondGateway]:
    """The functions with a low limit of jobs, beside the system."""
    revision = SecondGateway(bare, RATE_LIMIT_JOBS_PER_MINUTE=str(JOBS))
    yield revision.up()
    revision.end()


@pytest.fixture
def user(limited: SecondGateway) -> UserClient:
    return UserClient(limited)


@pytest.fixture
def failed(user: UserClient, hand_worker: ScriptedWorker) -> str:
    """A job of the user that has failed."""
    return _fail(user.create_job(), hand_worker)


def _fail(job_id: str, worker: ScriptedWorker) -> str:
    claim_id, _ = worker.claimed(job_id)
    assert worker.fail(job_id, claim_id).status_code == 200
    return job_id


def test_a_retry_takes_from_the_limit_of_jobs(
    user: UserClient, failed: str, hand_worker: ScriptedWorker
) -> None:
    for _ in range(JOBS - 1):
        retried = act(user, "retry_job", jobId=failed)
        assert retried.status_code == 200, retried.text
        _fail(retried.json()["job"]["id"], hand_worker)
    refused = act(user, "retry_job", jobId=failed)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60 // JOBS
    assert len(user.rows("jobs")) == JOBS
    assert user.post_job().status_code == 429, "they are one limit"


def test_a_live_retry_is_returned_at_no_cost(user: UserClient, failed: str) -> None:
    first = act(user, "retry_job", jobId=failed).json()["job"]["id"]
    for _ in range(2 * JOBS):
        again = act(user, "retry_job", jobId=failed)
        assert (again.status_code, again.json()["job"]["id"]) == (200, first)
    assert user.post_job().status_code == 202, "the third of three"


def test_a_retry_that_makes_no_job_costs_nothing(limited: SecondGateway, user: UserClient) -> None:
    job_id = user.create_job()
    balance = "update profiles set token_balance = %s where id = %s returning id"
    end = "update jobs set status = 'failed', completed_at = now() where id = %s returning id"
    limited.rows(end, job_id)
    limited.rows(balance, 0, user.id)
    for _ in range(2 * JOBS):
        assert act(user, "retry_job", jobId=job_id).status_code == 402
    limited.rows(balance, 20, user.id)
    assert act(user, "retry_job", jobId=job_id).status_code == 200
