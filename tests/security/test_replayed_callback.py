"""Replayed callbacks: a callback that was processed once changes nothing when it is repeated."""

from collections.abc import Callable

import httpx
import pytest

from tests.security import concurrency
from tests.security.running_jobs import SignedCallback, Victim, signed_callback, state, victims
from tests.security.tally import Corpora, Tally
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker

_ACCEPTED = {200, 409}
"""The first response again, or 409 where the job has ended or another claim runs it."""

Sweep = Callable[[], dict[str, int]]


def _send(client: httpx.Client, system: LocalSystem, callback: SignedCallback) -> httpx.Response:
    headers = {"content-type": "application/json", **callback.headers}
    url = f"{system.base}/functions/v1/job-callback"
    return client.post(url, content=callback.body, headers=headers)


def _replayed(
    system: LocalSystem,
    callbacks: list[SignedCallback],
    targets: list[Victim],
    tally: Tally,
    name: str,
) -> None:
    """Send each callback, and check that the jobs' rows do not change."""
    before = state(system, targets)

    def send(client: httpx.Client, callback: SignedCallback) -> None:
        tally.answered(name, _send(client, system, callback), _ACCEPTED)

    concurrency.each(callbacks, send)
    tally.refused(f"{name}: the rows have changed", is_refused=state(system, targets) == before)


@pytest.mark.parametrize("end", ["completed", "failed"])
def test_callbacks_of_a_job_that_has_ended(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally, end: str
) -> None:
    with victims(bare, hand_worker, people=1, jobs=3) as targets:
        callbacks = [
            signed_callback(target.bodies()[kind], hand_worker.key)
            for target in targets
            for kind in ("claim", "heartbeat", end)
        ]
        with httpx.Client(trust_env=False) as client:
            assert {_send(client, bare, callback).status_code for callback in callbacks} == {200}
        assert {target.person.status(target.job_id) for target in targets} == {end}
        again = callbacks * corpora.size(80, short=3)
        corpora.chance(f"replays of {end}").shuffle(again)
        _replayed(bare, again, targets, tally, end)


@pytest.mark.parametrize("end", ["sent back", "handed back"])
def test_callbacks_of_an_attempt_that_is_over(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally, end: str
) -> None:
    """The job runs again under another claim, which older callbacks must not affect."""
    with victims(bare, hand_worker, people=1, jobs=1) as (target,):
        bodies = target.bodies()
        callbacks = [
            signed_callback(bodies[kind], hand_worker.key) for kind in ("claim", "heartbeat", end)
        ]
        with httpx.Client(trust_env=False) as client:
            assert {_send(client, bare, callback).status_code for callback in callbacks} == {200}
        wait_until(
            lambda: hand_worker.message(target.job_id).dispatch_no > target.dispatch_no,
            what="the job's next turn",
        )
        hand_worker.claimed(target.job_id)
        again = callbacks * corpora.size(100, short=4)
        corpora.chance(f"replays of {end}").shuffle(again)
        _replayed(bare, again, [target], tally, end)


def test_messages_that_are_older_than_five_minutes(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    chance = corpora.chance("old callbacks")
    with victims(bare, hand_worker, people=1, jobs=2) as targets:
        before = state(bare, targets)

        def send(client: httpx.Client, _: int) -> None:
            body = chance.choice(list(chance.choice(targets).bodies().values()))
            moment = bare.value("select extract(epoch from now())::float8")
            old = signed_callback(
                body, hand_worker.key, timestamp=moment - 302 - 10 ** chance.uniform(0, 8)
            )
            tally.answered("an old callback", _send(client, bare, old), {401})

        concurrency.each(range(corpora.size(300, short=20)), send)
        tally.refused("the rows have changed", is_refused=state(bare, targets) == before)


def test_an_id_that_was_used_for_another_message(
    bare: LocalSystem,
    hand_worker: ScriptedWorker,
    person: UserClient,
    corpora: Corpora,
    tally: Tally,
) -> None:
    """A message id belongs to one callback: with another body it is refused or does nothing."""
    with victims(bare, hand_worker, people=1, jobs=2) as (first, second):
        used = f"msg_{first.job_id}"
        body = signed_callback(first.bodies()["completed"], hand_worker.key, message_id=used)
        with httpx.Client(trust_env=False) as client:
            assert _send(client, bare, body).status_code == 200
        others = [second.bodies()[kind] for kind in ("completed", "failed", "handed back")]
        callbacks = [
            signed_callback(
                {**other, "metadata": {"number": number}}, hand_worker.key, message_id=used
            )
            for number in range(corpora.size(60, short=3))
            for other in others
        ]
        _replayed(bare, callbacks, [first, second], tally, "a used id")
    assert person.rows("jobs") == []


def test_one_callback_sent_many_times_at_once_is_applied_once(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    with victims(bare, hand_worker, people=corpora.size(10, short=2), jobs=2) as targets:
        callbacks = [
            signed_callback(target.bodies()["completed"], hand_worker.key) for target in targets
        ]

        def send(client: httpx.Client, callback: SignedCallback) -> None:
            tally.answered("at once", _send(client, bare, callback), {200})

        concurrency.each([callback for callback in callbacks for _ in range(20)], send)
        for target in targets:
            rows = target.person.rows("workspace_assets", job_id=f"eq.{target.job_id}")
            entries = target.person.rows("credit_ledger", job_id=f"eq.{target.job_id}")
            kinds = sorted(entry["kind"] for entry in entries)
            tally.refused(
                f"{len(rows)} assets, {kinds}",
                is_refused=len(rows) == 1 and kinds == ["reserve", "settle"],
            )
