"""Fixtures of tests of one function: a job, an image, and a check of refused requests."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support.images import RED
from tests.support.local_system import LocalSystem, UserClient
from tests.support.references import objects_of
from tests.support.scripted_worker import ScriptedWorker


@pytest.fixture
def job(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """A job whose message has reached the worker."""
    job_id = person.create_job()
    hand_worker.message(job_id)
    return job_id


@pytest.fixture
def path(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """The path of a red picture in the user's workspace."""
    job_id = person.create_job()
    hand_worker.finish(job_id, RED)
    return str(person.asset(job_id)["temp_storage_path"])


@pytest.fixture
def refused(
    bare: LocalSystem, person: UserClient
) -> Iterator[Callable[[httpx.Response, int], str]]:
    """A check of an error response; at the end it checks that no job or object was added."""
    jobs, objects = len(person.rows("jobs")), objects_of(bare, person)
    codes = {402: "insufficient_credits", 404: "not_found", 422: "invalid", 429: "too_many"}

    def check(answer: httpx.Response, status: int) -> str:
        assert answer.status_code == status, answer.text
        assert answer.json()["code"] == codes[status]
        return str(answer.json()["error"])

    yield check
    assert len(person.rows("jobs")) == jobs
    assert objects_of(bare, person) == objects
