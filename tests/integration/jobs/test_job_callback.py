"""job-callback: claims, heartbeats, completions and failures on the real stack."""

import concurrent.futures
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.contracts import webhook_signature
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import PICTURE, ScriptedWorker

Sweep = Callable[[], dict[str, int]]


def test_the_message_is_signed_with_the_workers_key(job: str, hand_worker: ScriptedWorker) -> None:
    headers, body = next(
        (headers, body) for headers, body in hand_worker.deliveries if job.encode() in body
    )
    assert headers["x-worker-id"] == "demo"
    assert headers["x-cloudtasks-queuename"] == "sdxl-queue"
    assert webhook_signature.verify([hand_worker.key], headers, body, now=time.time()) == f"{job}-1"


def test_a_claim_is_answered_with_where_everything_goes(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    (upload,) = claim["uploads"]
    assert upload["path"] == f"{person.id}/{job}/{claim_id}-0.png"
    assert upload["thumbnailPath"] == f"{person.id}/{job}/{claim_id}-0.thumb.webp"
    assert upload["headers"]["x-goog-if-generation-match"] == "0"
    assert claim["heartbeatSeconds"] == pytest.approx(10)
    (row,) = person.rows("jobs", id=f"eq.{job}")
    assert (row["status"], row["attempts"]) == ("processing", 1)
    assert row["started_at"]
    assert person.rows("job_progress", job_id=f"eq.{job}")[0]["progress"] == 0


def test_the_same_claim_again_is_answered_alike(job: str, hand_worker: ScriptedWorker) -> None:
    claim_id, first = hand_worker.claimed(job)
    again = hand_worker.claim(job, claim_id).json()
    assert [place["path"] for place in again["uploads"]] == [
        place["path"] for place in first["uploads"]
    ]
    assert again["proceed"] is True


def test_another_claim_under_a_live_lease_is_409(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    hand_worker.claimed(job)
    answer = hand_worker.claim(job, str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (409, "claimed")
    assert person.rows("jobs", id=f"eq.{job}")[0]["attempts"] == 1


def test_one_of_many_claims_at_once_wins(
    job: str, bare: LocalSystem, hand_worker: ScriptedWorker
) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(hand_worker.claim, job, str(uuid4())) for _ in range(8)]
    codes = sorted(future.result().status_code for future in futures)
    assert codes == [200] + [409] * 7
    assert bare.value("select count(*) from job_claims where job_id = %s", job) == 1


def test_a_claim_under_an_older_dispatch_is_declined(job: str, hand_worker: ScriptedWorker) -> None:
    answer = hand_worker.claim(job, str(uuid4()), dispatchNo=0)
    assert (answer.status_code, answer.json()["proceed"]) == (200, False)


def test_a_claim_of_an_ended_job_is_declined(job: str, hand_worker: ScriptedWorker) -> None:
    hand_worker.finish(job)
    answer = hand_worker.claim(job, str(uuid4()))
    assert (answer.status_code, answer.json()["proceed"]) == (200, False)


def test_a_heartbeat_extends_the_lease_and_records_progress(
    job: str, bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, _ = hand_worker.claimed(job)
    before = bare.value("select lease_until from jobs where id = %s", job)
    beat = hand_worker.callback_body(job, claim_id, "processing", progress=0.4, step=6, steps=15)
    answer = hand_worker.send("job-callback", beat)
    assert (answer.status_code, answer.json()["proceed"]) == (200, True)
    assert bare.value("select lease_until from jobs where id = %s", job) > before
    (row,) = person.rows("job_progress", job_id=f"eq.{job}")
    assert (row["progress"], row["step"], row["steps"]) == (0.4, 6, 15)


def test_a_heartbeat_never_passes_the_deadline(
    job: str, bare: LocalSystem, hand_worker: ScriptedWorker
) -> None:
    claim_id, _ = hand_worker.claimed(job)
    bare.rows("update jobs set deadline_at = now() where id = %s returning id", job)
    hand_worker.send(
        "job-callback", hand_worker.callback_body(job, claim_id, "processing", progress=0.4)
    )
    assert bare.value("select lease_until <= deadline_at from jobs where id = %s", job)


def test_a_heartbeat_after_the_end_says_stop(job: str, hand_worker: ScriptedWorker) -> None:
    claim_id, claim = hand_worker.claimed(job)
    hand_worker.complete(job, claim_id, hand_worker.upload(claim))
    beat = hand_worker.callback_body(job, claim_id, "processing", progress=0.4)
    answer = hand_worker.send("job-callback", beat)
    assert (answer.status_code, answer.json()["proceed"]) == (200, False)


def test_completion_makes_the_assets_with_the_jobs_change(
    job: str, bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    hand_worker.finish(job)
    assert person.status(job) == "completed"
    asset = person.asset(job)
    assert asset["file_size_bytes"] == len(PICTURE)
    assert asset["original_prompt"] == "a red star on blue"
    assert asset["model_used"] == "sdxl"
    assert asset["generation"] > 0
    assert person.ledger() == ["grant", "reserve", "settle"]
    outcome = bare.value("select outcome from job_claims where job_id = %s", job)
    assert outcome == "completed"


def test_a_replayed_completion_is_answered_alike_and_changes_nothing(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    assets = hand_worker.upload(claim)
    answers = [
        hand_worker.complete(job, claim_id, assets, message_id="msg_same" + job) for _ in range(10)
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    another = hand_worker.complete(job, claim_id, assets)
    assert (another.status_code, another.json()["proceed"]) == (200, False)
    assert len(person.rows("workspace_assets")) == 1
    assert person.ledger() == ["grant", "reserve", "settle"]


def test_a_completion_sent_ten_times_at_once_is_one(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    assets = hand_worker.upload(claim)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        sent = [pool.submit(hand_worker.complete, job, claim_id, assets) for _ in range(10)]
    assert {future.result().status_code for future in sent} == {200}
    assert len(person.rows("workspace_assets")) == 1
    assert person.ledger() == ["grant", "reserve", "settle"]


def test_a_webhook_id_with_another_body_is_409(job: str, hand_worker: ScriptedWorker) -> None:
    claim_id, claim = hand_worker.claimed(job)
    assets = hand_worker.upload(claim)
    used = "msg_used" + job
    hand_worker.complete(job, claim_id, assets, message_id=used)
    answer = hand_worker.complete(job, claim_id, [{**assets[0], "seed": 8}], message_id=used)
    assert (answer.status_code, answer.json()["code"]) == (409, "id_reused")


def test_a_missing_object_is_409_and_the_job_goes_on(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    place = claim["uploads"][0]
    reported = {
        **_report(place),
        "crc32c": "AAAAAA==",
    }
    answer = hand_worker.complete(job, claim_id, [reported], message_id="msg_m" + job)
    assert (answer.status_code, answer.json()["code"]) == (409, "object_missing")
    assert person.status(job) == "processing"
    again = hand_worker.complete(job, claim_id, hand_worker.upload(claim), message_id="msg_m" + job)
    assert again.status_code == 200, "only a 2xx answer is kept under a webhook-id"
    assert person.status(job) == "completed"


@pytest.mark.parametrize("lie", [{"fileSizeBytes": 5}, {"crc32c": "AAAAAA=="}, {"crc32c": None}])
def test_an_object_that_differs_is_409(
    job: str, person: UserClient, hand_worker: ScriptedWorker, lie: dict[str, object]
) -> None:
    answer = _complete_with(hand_worker, job, lie)
    assert (answer.status_code, answer.json()["code"]) == (409, "object_missing")
    assert person.rows("workspace_assets") == []


@pytest.mark.parametrize(
    "lie",
    [
        {"tempStoragePath": "someone/else/picture.png"},
        {"thumbnailPath": "someone/else/picture.thumb.webp"},
        {"thumbnailPath": None},
        {"assetIndex": 1},
        {"assetType": "video"},
        {"mimeType": "text/html"},
        {"fileSizeBytes": 6 * 1024 * 1024},
    ],
)
def test_an_asset_that_the_claim_was_not_to_make_is_422(
    job: str, person: UserClient, hand_worker: ScriptedWorker, lie: dict[str, object]
) -> None:
    answer = _complete_with(hand_worker, job, lie)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert person.rows("workspace_assets") == []


def test_too_few_assets_are_422(person: UserClient, hand_worker: ScriptedWorker) -> None:
    job = person.create_job(num_images=2)
    claim_id, claim = hand_worker.claimed(job)
    assets = hand_worker.upload(claim)
    assert hand_worker.complete(job, claim_id, assets[:1]).status_code == 422
    assert hand_worker.complete(job, claim_id, [assets[0], assets[0]]).status_code == 422
    assert hand_worker.complete(job, claim_id, assets).status_code == 200


def test_an_upload_url_writes_once_and_only_what_it_was_signed_for(
    job: str, hand_worker: ScriptedWorker
) -> None:
    _, claim = hand_worker.claimed(job)
    place = claim["uploads"][0]
    html = {**place["headers"], "content-type": "text/html"}
    assert web.put(place["putUrl"], content=b"<p>", headers=html).status_code == 403
    huge = b"x" * (5 * 1024 * 1024 + 1)
    assert web.put(place["putUrl"], content=huge, headers=place["headers"]).status_code == 400
    assert web.put(place["putUrl"], content=b"1", headers=place["headers"]).status_code == 200
    assert web.put(place["putUrl"], content=b"2", headers=place["headers"]).status_code == 412


def test_a_permanent_failure_ends_the_job_with_its_reason_and_one_refund(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, _ = hand_worker.claimed(job)
    assert hand_worker.fail(job, claim_id).status_code == 200
    assert hand_worker.fail(job, claim_id).json()["proceed"] is False
    (row,) = person.rows("jobs", id=f"eq.{job}")
    assert (row["status"], row["error_message"]) == ("failed", "The model is not available.")
    assert person.ledger() == ["grant", "reserve", "refund"]
    assert person.rows("profiles")[0]["token_balance"] == 20


def test_a_retryable_failure_is_tried_three_times_then_refunded(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    for attempt in (1, 2, 3):
        wait_until(
            lambda n=attempt: hand_worker.messages[job].dispatch_no == n,  # type: ignore[misc]
            what=f"dispatch {attempt}",
        )
        claim_id, _ = hand_worker.claimed(job)
        assert person.rows("jobs", id=f"eq.{job}")[0]["attempts"] == attempt
        hand_worker.fail(job, claim_id, retryable=True)
    assert person.status(job) == "failed"
    assert person.ledger() == ["grant", "reserve", "refund"]


def test_a_job_handed_back_costs_no_attempt(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, _ = hand_worker.claimed(job)
    hand_worker.fail(job, claim_id, retryable=True, requeue=True)
    wait_until(lambda: hand_worker.messages[job].dispatch_no == 2, what="its next turn")
    (row,) = person.rows("jobs", id=f"eq.{job}")
    assert (row["status"], row["attempts"]) == ("queued", 0)


def test_a_job_handed_back_again_and_again_ends(
    job: str, bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    """Three hand-backs are free; each further one is an attempt, of which there are three."""
    attempts = []
    for dispatch in range(1, 7):
        wait_until(
            lambda n=dispatch: hand_worker.messages[job].dispatch_no == n,  # type: ignore[misc]
            what=f"dispatch {dispatch}",
        )
        claim_id, _ = hand_worker.claimed(job)
        hand_worker.fail(job, claim_id, retryable=True, requeue=True)
        attempts.append(person.rows("jobs", id=f"eq.{job}")[0]["attempts"])
    assert attempts == [0, 0, 0, 1, 2, 3]
    assert person.status(job) == "failed"
    assert person.ledger() == ["grant", "reserve", "refund"]
    assert bare.value("select count(*) from job_claims where job_id = %s", job) == 6


def test_a_failure_that_changes_nothing_leaves_no_row(
    job: str, bare: LocalSystem, hand_worker: ScriptedWorker
) -> None:
    claim_id, _ = hand_worker.claimed(job)
    hand_worker.fail(job, claim_id)
    before = bare.value("select count(*) from webhook_receipts")
    for _ in range(5):
        assert hand_worker.fail(job, claim_id).json()["proceed"] is False
    assert bare.value("select count(*) from webhook_receipts") == before


def _complete_with(worker: ScriptedWorker, job: str, lie: dict[str, object]) -> httpx.Response:
    """Upload the outputs of the claim and report them with these wrong values."""
    claim_id, claim = worker.claimed(job)
    (asset,) = worker.upload(claim)
    return worker.complete(job, claim_id, [{**asset, **lie}])


def _report(place: dict[str, Any]) -> dict[str, Any]:
    return {
        "assetType": "image",
        "assetIndex": place["assetIndex"],
        "tempStoragePath": place["path"],
        "thumbnailPath": place["thumbnailPath"],
        "fileSizeBytes": len(PICTURE),
        "mimeType": "image/png",
    }
