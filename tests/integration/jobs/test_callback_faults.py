"""Failures of a worker, its callbacks and its files: the job still ends exactly once."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from shared.contracts import webhook_signature
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import CHECKED_BY, ScriptedWorker, upload_manifest_only
from tests.support.workspace import act

Sweep = Callable[[], dict[str, int]]


def _assert_made_once(person: UserClient, job: str) -> None:
    assert person.status(job) == "completed"
    assert len(person.rows("workspace_assets", job_id=f"eq.{job}")) == 1
    ledger = person.rows("credit_ledger", job_id=f"eq.{job}", order="created_at.asc")
    assert [row["kind"] for row in ledger] == ["reserve", "settle"]


def test_a_worker_that_dies_after_its_upload_costs_an_attempt_and_no_more(
    job: str, bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    _, claim = hand_worker.claimed(job)
    lost = hand_worker.upload(claim)
    hand_worker.expire_lease(job)
    sweep()
    wait_until(lambda: hand_worker.messages[job].dispatch_no == 2, what="its next turn")
    hand_worker.finish(job)
    _assert_made_once(person, job)
    kept = person.asset(job)["temp_storage_path"]
    assert kept != lost[0]["tempStoragePath"]
    bare.rows("update jobs set cleanup_after = now() where id = %s returning id", job)
    sweep()
    mine = {path for path in bare.objects() if job in path}
    assert mine == {f"workspace-temp/{kept}", f"workspace-temp/{kept[:-4]}.thumb.webp"}


def test_a_worker_may_die_after_its_callback(
    job: str, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    """The task gets no response, so the queue delivers it again; the worker drops it."""
    hand_worker.finish(job)
    sweep()
    assert hand_worker.claim(job, "0b4f5a0e-0f6e-4b1a-9a43-0d4a8a2d7a11").json()["proceed"] is False
    _assert_made_once(person, job)


def test_a_claim_whose_response_is_lost_is_repeated_with_the_same_result(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, _ = hand_worker.claimed(job)
    again = hand_worker.claim(job, claim_id).json()
    answer = hand_worker.complete(job, claim_id, hand_worker.upload(again))
    assert answer.json()["proceed"] is True
    _assert_made_once(person, job)
    assert person.rows("jobs", id=f"eq.{job}")[0]["attempts"] == 1


def test_a_callback_whose_answer_is_lost_is_sent_again_and_answered_alike(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    assets = hand_worker.upload(claim)
    answers = [
        hand_worker.complete(job, claim_id, assets, message_id="msg_lost_answer").json()
        for _ in range(3)
    ]
    assert answers[0] == answers[1] == answers[2]
    _assert_made_once(person, job)


def test_a_callback_that_comes_after_the_job_was_cancelled_makes_nothing(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    assets = hand_worker.upload(claim)
    act(person, "cancel_job", jobId=job)
    assert hand_worker.complete(job, claim_id, assets).json()["proceed"] is False
    assert person.rows("workspace_assets") == []
    assert person.ledger() == ["grant", "reserve", "refund"]


def test_an_older_claims_failure_does_not_end_the_newer_attempt(
    job: str, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    old, _ = hand_worker.claimed(job)
    hand_worker.expire_lease(job)
    sweep()
    wait_until(lambda: hand_worker.messages[job].dispatch_no == 2, what="its next turn")
    new, claim = hand_worker.claimed(job)
    for failure in ({}, {"retryable": True}, {"requeue": True}):
        assert hand_worker.fail(job, old, **failure).json()["proceed"] is False
    assert person.status(job) == "processing"
    hand_worker.complete(job, new, hand_worker.upload(claim))
    _assert_made_once(person, job)


def test_the_sweeps_manifest_races_the_callback_and_the_job_completes_once(
    person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    for _ in range(5):
        job = person.create_job()
        claim_id, claim = hand_worker.claimed(job)
        assets = upload_manifest_only(hand_worker, job, claim_id, claim, key=hand_worker.key)
        hand_worker.expire_lease(job)
        with ThreadPoolExecutor(4) as pool:
            sweeps = [pool.submit(sweep) for _ in range(2)]
            calls = [pool.submit(hand_worker.complete, job, claim_id, assets) for _ in range(2)]
        assert {call.result().status_code for call in calls} == {200}
        assert all(sweep.result()["success"] for sweep in sweeps)
        _assert_made_once(person, job)


def test_a_callback_while_the_storage_is_away_is_503_and_then_completes(
    job: str, bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    assets = hand_worker.upload(claim)
    bare.kill("storage")
    answers: list[httpx.Response] = []

    def is_completed() -> bool:
        answers.append(hand_worker.complete(job, claim_id, assets, message_id="msg_storage_away"))
        return answers[-1].status_code == 200

    wait_until(is_completed, what="the storage to be back")
    assert {answer.status_code for answer in answers} <= {200, 503}
    away = [answer for answer in answers if answer.status_code == 503]
    assert all("retry-after" in answer.headers for answer in away)
    _assert_made_once(person, job)


def test_a_task_that_the_queue_holds_while_it_stands_still_comes_late_and_once(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    """It was requeued and dispatched again meanwhile: the older message is dropped."""
    os.kill(bare.pids()["tasks"], signal.SIGSTOP)
    try:
        job = person.create_job()
    finally:
        os.kill(bare.pids()["tasks"], signal.SIGCONT)
    wait_until(lambda: sweep() is not None and job in hand_worker.messages, what="its task")
    newest = bare.value("select dispatch_no from jobs where id = %s", job)
    wait_until(lambda: hand_worker.messages[job].dispatch_no == newest, what="the newest")
    late = hand_worker.claim(job, "5c1f8f0f-6a0f-4a53-9d8b-3f0a3a1f9d10", dispatchNo=newest - 1)
    assert late.json()["proceed"] is False
    hand_worker.finish(job)
    _assert_made_once(person, job)


def test_a_callback_with_a_wrong_clock_gets_the_server_time(
    job: str, hand_worker: ScriptedWorker
) -> None:
    for off in (-3600, 3600):
        body = hand_worker.callback_body(job, "5c1f8f0f-6a0f-4a53-9d8b-3f0a3a1f9d11", "processing")
        refused = hand_worker.send("job-callback", body, timestamp=time.time() + off)
        assert refused.status_code == 401
        assert "date" in refused.headers


def test_a_message_signed_with_another_key_is_refused(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    body = hand_worker.callback_body(
        job,
        claim_id,
        "completed",
        results={"assets": hand_worker.upload(claim)},
        outputCheck=CHECKED_BY,
    )
    forged = hand_worker.send("job-callback", body, key=webhook_signature.new_key())
    assert forged.status_code == 401
    assert person.status(job) == "processing"
