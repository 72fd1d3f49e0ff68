"""Forged or altered callbacks: only callbacks that the worker's key signed are accepted."""

import httpx
import pytest

from tests.security import concurrency, forged_callbacks
from tests.security.forged_callbacks import Forgery
from tests.security.running_jobs import state, victims
from tests.security.tally import Corpora, Tally
from tests.support.local_system import LocalSystem
from tests.support.scripted_worker import ScriptedWorker

_REFUSED = {400, 401, 431}
"""400 and 431: malformed or too long headers, which the server itself refuses."""


def test_no_forged_or_altered_callback_is_accepted(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    chance, count = corpora.chance("forged callbacks"), corpora.size(7000, short=300)
    url = f"{bare.base}/functions/v1/job-callback"
    with victims(bare, hand_worker, people=2, jobs=2) as targets:
        before = state(bare, targets)

        def send(client: httpx.Client, forged: Forgery) -> None:
            answer = client.post(url, content=forged.body, headers=forged.headers)
            tally.answered(forged.name, answer, _REFUSED)

        concurrency.each(forged_callbacks.make(targets, hand_worker.key, chance, count), send)
        tally.refused("the rows have changed", is_refused=state(bare, targets) == before)


@pytest.mark.parametrize("kind", ["heartbeat", "completed", "failed"])
def test_the_unaltered_callbacks_are_valid(
    bare: LocalSystem, hand_worker: ScriptedWorker, kind: str
) -> None:
    """Without this, the refusals of the altered ones would prove nothing."""
    with victims(bare, hand_worker, people=1, jobs=1) as (target,):
        body = target.bodies()[kind]
        answer = hand_worker.send("job-callback", body)
        assert (answer.status_code, answer.json()["proceed"]) == (200, True)
