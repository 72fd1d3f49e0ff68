"""workspace-actions: cancel_job and retry_job."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.support.images import RED
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker, no_other_workers
from tests.support.workspace import act, remove


def test_a_queued_job_is_cancelled_with_its_refund(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    answer = act(person, "cancel_job", jobId=job)
    assert answer.status_code == 200, answer.text
    response = answer.json()["job"]
    assert (response["status"], response["error_message"]) == (
        "cancelled",
        "Cancelled by the user.",
    )
    assert person.ledger() == ["grant", "reserve", "refund"]
    assert person.rows("profiles")[0]["token_balance"] == 20
    assert hand_worker.claim(job, str(uuid4())).json()["proceed"] is False


def test_a_running_job_is_cancelled_and_its_worker_stops(
    job: str, bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    assets = hand_worker.upload(claim)
    assert act(person, "cancel_job", jobId=job).status_code == 200
    beat = hand_worker.callback_body(job, claim_id, "processing", progress=0.5)
    assert hand_worker.send("job-callback", beat).json()["proceed"] is False
    assert hand_worker.complete(job, claim_id, assets).json()["proceed"] is False
    assert hand_worker.fail(job, claim_id, retryable=True).json()["proceed"] is False
    assert person.status(job) == "cancelled"
    assert person.rows("workspace_assets") == []
    assert person.ledger() == ["grant", "reserve", "refund"]
    outcomes = bare.rows("select outcome from job_claims where job_id = %s", job)
    assert outcomes == [{"outcome": "cancelled"}]


def test_cancelling_again_is_success_and_refunds_nothing_more(job: str, person: UserClient) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: act(person, "cancel_job", jobId=job), range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert person.ledger() == ["grant", "reserve", "refund"]


def test_cancel_races_completed_and_one_of_them_wins(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    for _ in range(8):
        job = person.create_job()
        claim_id, claim = hand_worker.claimed(job)
        assets = hand_worker.upload(claim)
        with ThreadPoolExecutor(2) as pool:
            completing = pool.submit(hand_worker.complete, job, claim_id, assets)
            cancelling = pool.submit(act, person, "cancel_job", jobId=job)
        completed, cancelled = completing.result(), cancelling.result()
        made = len(person.rows("workspace_assets", job_id=f"eq.{job}"))
        kinds = {row["kind"] for row in person.rows("credit_ledger", job_id=f"eq.{job}")}
        if completed.json()["proceed"]:
            assert cancelled.status_code == 409
            assert (person.status(job), made) == ("completed", 1)
            assert kinds == {"reserve", "settle"}
        else:
            assert cancelled.status_code == 200
            assert (person.status(job), made) == ("cancelled", 0)
            assert kinds == {"reserve", "refund"}


def test_what_has_ended_otherwise_cannot_be_cancelled(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    hand_worker.finish(job)
    answer = act(person, "cancel_job", jobId=job)
    assert (answer.status_code, answer.json()["code"]) == (409, "ended")
    assert person.status(job) == "completed"


@pytest.fixture
def _no_other_wan_workers(bare: LocalSystem) -> Iterator[None]:
    with no_other_workers(bare, "wan", key_id="noop"):
        yield


@pytest.mark.usefixtures("_no_other_wan_workers")
def test_a_cancelled_job_gives_its_slot_to_the_next(bare: LocalSystem) -> None:
    person, worker = UserClient(bare), ScriptedWorker(bare, "noop")
    _empty(bare, "wan_queue")
    try:
        assert worker.register("wan", slots=1).status_code == 200
        jobs = [person.create_job(job_type="wan_video_fast") for _ in range(3)]
        worker.message(jobs[1])
        assert jobs[2] not in worker.messages, "one in work, one sent ahead"
        assert act(person, "cancel_job", jobId=jobs[0]).status_code == 200
        worker.message(jobs[2])
    finally:
        for job in jobs:
            act(person, "cancel_job", jobId=job)
        bare.rows("delete from job_claims where worker_id = 'noop-wan' returning id")
        bare.rows("update workers set is_active = false where id = 'noop-wan' returning id")
        worker.close()


def _empty(system: LocalSystem, queue: str) -> None:
    """Cancel the jobs that other tests left in the queue; they would take the first slots."""
    admin = UserClient(system, is_admin=True)
    left = "select id::text from jobs where queue = %s and status in ('queued', 'processing')"
    for row in system.rows(left, queue):
        assert act(admin, "cancel_job", jobId=row["id"]).status_code == 200


def test_an_admin_cancels_anybodys_job(job: str, bare: LocalSystem, person: UserClient) -> None:
    admin = UserClient(bare, is_admin=True)
    assert act(admin, "cancel_job", jobId=job).status_code == 200
    (row,) = person.rows("jobs", id=f"eq.{job}")
    assert (row["status"], row["error_message"]) == ("cancelled", "Cancelled by an admin.")


def test_a_failed_job_is_retried_as_a_new_one(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    failed = person.create_job("a green heart", seed=11, num_images=2)
    claim_id, _ = hand_worker.claimed(failed)
    hand_worker.fail(failed, claim_id)
    answer = act(person, "retry_job", jobId=failed)
    assert answer.status_code == 200, answer.text
    retry = answer.json()["job"]
    assert (retry["id"] == failed, retry["status"], retry["credits"]) == (False, "queued", 2)
    message = hand_worker.message(retry["id"])
    assert (message.parameters.prompt, message.parameters.seed) == ("a green heart", 11)
    hand_worker.finish(retry["id"])
    assert (person.status(failed), person.status(retry["id"])) == ("failed", "completed")
    assert person.ledger() == ["grant", "reserve", "refund", "reserve", "settle"]


def test_ten_retries_at_once_are_one_job(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, _ = hand_worker.claimed(job)
    hand_worker.fail(job, claim_id)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: act(person, "retry_job", jobId=job), range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["job"]["id"] for answer in answers}) == 1
    assert len(person.rows("jobs")) == 2


def test_a_retry_that_failed_is_retried_by_the_first_jobs_id(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    tried = [job]
    for _ in range(2):
        claim_id, _ = hand_worker.claimed(tried[-1])
        hand_worker.fail(tried[-1], claim_id)
        tried.append(act(person, "retry_job", jobId=job).json()["job"]["id"])
    assert len(set(tried)) == 3


def test_only_a_failed_job_is_retried(person: UserClient, job: str) -> None:
    answer = act(person, "retry_job", jobId=job)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_failed")
    assert act(person, "cancel_job", jobId=job).status_code == 200
    assert act(person, "retry_job", jobId=job).status_code == 409
    assert len(person.rows("jobs")) == 1


def test_a_retry_costs_and_is_refused_when_credits_are_short(
    job: str, bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, _ = hand_worker.claimed(job)
    hand_worker.fail(job, claim_id)
    bare.rows("update profiles set token_balance = 0 where id = %s returning id", person.id)
    assert act(person, "retry_job", jobId=job).status_code == 402
    assert len(person.rows("jobs")) == 1


@pytest.fixture
def referring(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """A failed job that had a reference image."""
    first = person.create_job()
    hand_worker.finish(first, RED)
    path = person.asset(first)["temp_storage_path"]
    body = {
        "jobType": "sdxl_image_fast",
        "metadata": {"prompt": "like this", "reference_image": True},
        "referenceImageUrl": path,
    }
    failed = str(person.invoke("queue-job", body).json()["job"]["id"])
    claim_id, _ = hand_worker.claimed(failed)
    hand_worker.fail(failed, claim_id)
    return failed


def test_a_retry_starts_from_the_same_picture(
    referring: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    retry_id = act(person, "retry_job", jobId=referring).json()["job"]["id"]
    _, claim = hand_worker.claimed(retry_id)
    (reference,) = claim["references"]
    assert f"{person.id}/{retry_id}/reference-reference.png" in reference["url"]


def test_a_retry_that_is_refused_leaves_no_copy_of_its_picture(
    referring: str, bare: LocalSystem, person: UserClient
) -> None:
    bare.rows("update profiles set token_balance = 0 where id = %s returning id", person.id)
    before = bare.objects()
    assert act(person, "retry_job", jobId=referring).status_code == 402
    assert bare.objects() == before


def test_a_retry_whose_picture_is_gone_is_refused(
    referring: str, bare: LocalSystem, person: UserClient
) -> None:
    remove(bare, "workspace-temp", f"{person.id}/{referring}/reference-reference.png")
    answer = act(person, "retry_job", jobId=referring)
    assert (answer.status_code, answer.json()["code"]) == (409, "reference_gone")
    assert len(person.rows("jobs")) == 2
