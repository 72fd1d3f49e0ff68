"""What tests of one function at a time begin with."""

import pytest

from tests.hand_worker import HandWorker
from tests.system import Person


@pytest.fixture
def job(person: Person, hand_worker: HandWorker) -> str:
    """A job whose message has arrived."""
    job_id = person.queue()
    hand_worker.message(job_id)
    return job_id
