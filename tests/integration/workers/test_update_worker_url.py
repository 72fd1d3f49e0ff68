"""update-worker-url: who may register, and with which URLs."""

from collections.abc import Iterator

import pytest

from shared.contracts import webhook_signature
from tests.support.local_system import LocalSystem, UserClient, free_port, wait_until
from tests.support.scripted_worker import ScriptedWorker


@pytest.fixture
def newcomer(bare: LocalSystem, hand_worker: ScriptedWorker) -> Iterator[ScriptedWorker]:
    """Another worker process with the same key, at a separate URL."""
    worker = ScriptedWorker(bare)
    yield worker
    assert hand_worker.register(slots=1000).status_code == 200
    worker.close()


def test_registering_is_recorded(bare: LocalSystem, hand_worker: ScriptedWorker) -> None:
    answer = hand_worker.register(slots=1000, models=["tiny"])
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    (row,) = bare.rows("select * from workers where id = 'demo-sdxl'")
    assert (row["worker_url"], row["key_id"], row["slots"]) == (hand_worker.url, "demo", 1000)
    assert (row["models"], row["is_active"], row["health"]) == (["tiny"], True, "healthy")


def test_jobs_follow_a_worker_that_moved(
    person: UserClient, hand_worker: ScriptedWorker, newcomer: ScriptedWorker
) -> None:
    waiting, running = person.create_job(), person.create_job()
    hand_worker.message(waiting)
    claim_id, claim = hand_worker.claimed(running)
    newcomer.register(slots=1000)
    wait_until(lambda: waiting in newcomer.messages, what="the job to follow")
    assert newcomer.messages[waiting].dispatch_no == 2
    assert running not in newcomer.messages, "a claimed job stays with its claim"
    newcomer.finish(waiting)
    assert hand_worker.complete(running, claim_id, hand_worker.upload(claim)).status_code == 200
    assert {person.status(waiting), person.status(running)} == {"completed"}


def test_registering_the_same_address_again_moves_nothing(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id = person.create_job()
    hand_worker.message(job_id)
    hand_worker.register(slots=1000)
    assert hand_worker.message(job_id).dispatch_no == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com",
        "http://example.com",
        "http://169.254.169.254",
        "http://localhost:8000",
        "http://127.0.0.1",
        "http://127.0.0.1:80@example.com",
        "http://user:password@127.0.0.1:8000",
        "http://127.0.0.1:8000/path",
        "http://127.0.0.1:8000?x=1",
        "http://127.0.0.1:99999",
        "http://[::1]:8000",
        "http://0x7f000001:8000",
        "http://127.0.0.1:8000\\@example.com",
        "ftp://127.0.0.1:8000",
        "file:///etc/passwd",
        "not an address",
        "https://10.0.0.1",
    ],
)
def test_a_hostile_address_is_422(hand_worker: ScriptedWorker, address: str) -> None:
    answer = hand_worker.register(worker_url=address)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_an_address_that_does_not_answer_is_422(hand_worker: ScriptedWorker) -> None:
    answer = hand_worker.register(worker_url=f"http://127.0.0.1:{free_port()}")
    assert answer.status_code == 422


def test_an_address_that_cannot_prove_the_key_is_422(
    bare: LocalSystem, hand_worker: ScriptedWorker
) -> None:
    impostor = ScriptedWorker(bare)
    impostor.key = webhook_signature.new_key()
    answer = hand_worker.register(worker_url=impostor.url)
    assert answer.status_code == 422
    assert "prove" in answer.json()["error"]
    impostor.close()


def test_a_worker_cannot_take_anothers_name(bare: LocalSystem, hand_worker: ScriptedWorker) -> None:
    other = ScriptedWorker(bare, key_id="noop")
    answer = other.send(
        "update-worker-url",
        {"worker_type": "sdxl", "worker_url": other.url, "worker_id": "demo-sdxl"},
    )
    assert answer.status_code == 403
    assert bare.value("select worker_url from workers where id = 'demo-sdxl'") == hand_worker.url
    other.close()


def test_a_worker_cannot_end_anothers_job(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id = person.create_job()
    claim_id, claim = hand_worker.claimed(job_id)
    assets = hand_worker.upload(claim)
    other = ScriptedWorker(bare, key_id="noop")
    other.messages = hand_worker.messages
    beat = other.callback_body(job_id, claim_id, "processing", progress=0.5)
    answers = [
        other.claim(job_id, claim_id),
        other.send("job-callback", beat),
        other.complete(job_id, claim_id, assets),
        other.fail(job_id, claim_id),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert person.status(job_id) == "processing"
    other.close()


def test_a_callback_about_another_users_job_is_403(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id = person.create_job()
    claim_id, _ = hand_worker.claimed(job_id)
    body = hand_worker.callback_body(job_id, claim_id, "failed", userId=UserClient(bare).id)
    assert hand_worker.send("job-callback", body).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v2,AAAA"},
        {"webhook-signature": "v1,\u00ff"},
        {"webhook-signature": "v1," + "A" * 10_000},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "1600000000"},
        {"webhook-timestamp": "99999999999"},
        {"webhook-timestamp": "0x10"},
        {"webhook-timestamp": "1 1"},
        {"webhook-timestamp": "\u0661\u0662"},
        {"webhook-id": ""},
        {"webhook-id": "x" * 201},
        {"webhook-id": "another"},
        {"x-worker-id": ""},
        {"x-worker-id": "unknown"},
        {"x-worker-id": "noop"},
        {"x-worker-id": "\u00e9"},
    ],
)
def test_an_invalid_signature_is_401(hand_worker: ScriptedWorker, headers: dict[str, str]) -> None:
    raw = {name: value.encode("utf-8") for name, value in headers.items()}
    body = {"worker_type": "sdxl", "worker_url": hand_worker.url, "worker_id": "demo-sdxl"}
    answer = hand_worker.send("update-worker-url", body, headers=raw)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["date"]


def test_an_altered_callback_is_401(person: UserClient, hand_worker: ScriptedWorker) -> None:
    job_id = person.create_job()
    hand_worker.message(job_id)
    answer = hand_worker.send(
        "job-callback",
        hand_worker.callback_body(job_id, job_id, "failed"),
        key=webhook_signature.new_key(),
    )
    assert answer.status_code == 401
