"""A worker ending another worker's job: a key's signature covers only its own jobs."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.security import concurrency
from tests.security.running_jobs import signed_callback, state, victims
from tests.security.tally import Corpora, Tally
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker


@pytest.fixture
def other(bare: LocalSystem, hand_worker: ScriptedWorker) -> Iterator[ScriptedWorker]:
    """A second worker of the same system, with its own key."""
    worker = ScriptedWorker(bare, key_id="noop")
    worker.messages = hand_worker.messages
    yield worker
    worker.close()


def test_no_callback_about_the_job_of_another_worker_is_accepted(
    bare: LocalSystem,
    hand_worker: ScriptedWorker,
    other: ScriptedWorker,
    corpora: Corpora,
    tally: Tally,
) -> None:
    with victims(bare, hand_worker, people=1, jobs=3) as targets:
        before = state(bare, targets)
        bodies = [body for target in targets for body in target.bodies().items()]

        def send(client: httpx.Client, one: tuple[str, dict[str, Any]]) -> None:
            callback = signed_callback(one[1], other.key, worker_id="noop")
            headers = {"content-type": "application/json", **callback.headers}
            url = f"{bare.base}/functions/v1/job-callback"
            answer = client.post(url, content=callback.body, headers=headers)
            tally.answered(one[0], answer, {403})

        concurrency.each(bodies * corpora.size(40, short=2), send)
        tally.refused("the rows have changed", is_refused=state(bare, targets) == before)


def test_an_unclaimed_job_cannot_be_claimed_by_another_worker(
    hand_worker: ScriptedWorker, other: ScriptedWorker, person: UserClient, tally: Tally
) -> None:
    job_id = person.create_job()
    hand_worker.message(job_id)
    for claim_id in (job_id, person.id):
        tally.answered("a claim", other.claim(job_id, claim_id), {403})
        tally.answered("a failure", other.fail(job_id, claim_id), {403})
    assert person.status(job_id) == "queued"


def test_no_worker_takes_anothers_name_or_address(
    bare: LocalSystem, other: ScriptedWorker, tally: Tally
) -> None:
    """Registered under another worker's name, it would receive that worker's jobs."""
    query = (
        "select to_jsonb(workers) - 'last_seen_at' as worker from workers where id = 'demo-sdxl'"
    )
    before = bare.value(query)["worker_url"]
    for function in ("update-worker-url", "register-chat-worker"):
        for name in ("demo", "demo-sdxl", "demo-chat", "noop-demo", "noop-sdxl-sdxl", "demo-noop"):
            body = {"worker_type": "sdxl", "worker_url": other.url, "worker_id": name}
            tally.answered(f"{function} as {name}", other.send(function, body), {403})
    tally.refused("the address", is_refused=bare.value(query)["worker_url"] == before)
