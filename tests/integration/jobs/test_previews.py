"""Previews: the worker uploads one and reports it; the user receives its path."""

from typing import Any

from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker


def _put(claim: dict[str, Any], content: bytes) -> None:
    put = web.put(claim["previewPutUrl"], content=content, headers=claim["previewHeaders"])
    assert put.status_code == 200, put.text


def _beat(worker: ScriptedWorker, job: str, claim_id: str, **more: object) -> None:
    beat = worker.callback_body(job, claim_id, "processing", progress=0.4, **more)
    assert worker.send("job-callback", beat).json()["proceed"] is True


def _path(person: UserClient, job: str) -> str | None:
    (row,) = person.rows("job_progress", job_id=f"eq.{job}")
    path: str | None = row["preview_path"]
    return path


def test_a_preview_is_announced_once_it_exists_and_may_be_replaced(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    assert _path(person, job) is None
    _beat(hand_worker, job, claim_id)
    assert _path(person, job) is None
    for content in (b"noise", b"a star"):
        _put(claim, content)
        _beat(hand_worker, job, claim_id, preview=True)
        assert _path(person, job) == f"{person.id}/{job}/{claim_id}-preview.webp"


def test_a_preview_is_its_users_to_fetch(
    job: str, person: UserClient, hand_worker: ScriptedWorker, bare: LocalSystem
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    path = f"{person.id}/{job}/{claim_id}-preview.webp"
    assert person.sign(path).status_code == 404
    _put(claim, b"noise")
    _beat(hand_worker, job, claim_id, preview=True)
    assert person.fetch(path) == b"noise"
    assert UserClient(bare).sign(path).status_code == 404


def test_a_new_attempt_has_no_preview_yet(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    _put(claim, b"noise")
    _beat(hand_worker, job, claim_id, preview=True)
    hand_worker.fail(job, claim_id, retryable=True)
    wait_until(lambda: hand_worker.messages[job].dispatch_no == 2, what="its next turn")
    hand_worker.claimed(job)
    assert _path(person, job) is None
