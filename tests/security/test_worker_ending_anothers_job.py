"""A worker ending another's job: a good seal opens only what was dispatched to that key."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.security import concurrency
from tests.security.running_jobs import sealed, state, victims
from tests.security.tally import Corpora, Tally
from tests.support.local_system import Person, System
from tests.support.scripted_worker import HandWorker


@pytest.fixture
def other(bare: System, hand_worker: HandWorker) -> Iterator[HandWorker]:
    """A worker of the same system, with a key of its own."""
    worker = HandWorker(bare, key_id="noop")
    worker.messages = hand_worker.messages
    yield worker
    worker.close()


def test_no_letter_about_anothers_job_is_heard(
    bare: System, hand_worker: HandWorker, other: HandWorker, corpora: Corpora, tally: Tally
) -> None:
    with victims(bare, hand_worker, people=1, jobs=3) as targets:
        before = state(bare, targets)
        bodies = [body for one in targets for body in one.bodies().items()]

        def send(client: httpx.Client, one: tuple[str, dict[str, Any]]) -> None:
            letter = sealed(one[1], other.key, worker_id="noop")
            headers = {"content-type": "application/json", **letter.headers}
            url = f"{bare.base}/functions/v1/job-callback"
            answer = client.post(url, content=letter.body, headers=headers)
            tally.answered(one[0], answer, {403})

        concurrency.each(bodies * corpora.size(40, short=2), send)
        tally.refused("the rows have changed", is_refused=state(bare, targets) == before)


def test_a_job_that_nobody_claimed_is_not_to_be_had_by_another_worker(
    hand_worker: HandWorker, other: HandWorker, person: Person, tally: Tally
) -> None:
    job_id = person.queue()
    hand_worker.message(job_id)
    for claim_id in (job_id, person.id):
        tally.answered("a claim", other.claim(job_id, claim_id), {403})
        tally.answered("a failure", other.fail(job_id, claim_id), {403})
    assert person.status(job_id) == "queued"


def test_no_worker_takes_anothers_name_or_address(
    bare: System, other: HandWorker, tally: Tally
) -> None:
    """Registered under another's name, it would be sent that worker's jobs."""
    query = "select to_jsonb(workers) - 'last_seen_at' as told from workers where id = 'demo-sdxl'"
    before = bare.value(query)["worker_url"]
    for function in ("update-worker-url", "register-chat-worker"):
        for name in ("demo", "demo-sdxl", "demo-chat", "noop-demo", "noop-sdxl-sdxl", "demo-noop"):
            body = {"worker_type": "sdxl", "worker_url": other.url, "worker_id": name}
            tally.answered(f"{function} as {name}", other.send(function, body), {403})
    tally.refused("the address", is_refused=bare.value(query)["worker_url"] == before)
