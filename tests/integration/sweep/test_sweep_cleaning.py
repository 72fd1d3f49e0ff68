"""sweep-jobs: deletion of the files that the claims of finished jobs left."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.http import web
from tests.support.images import RED
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.sweep import Sweep, at_once, objects
from tests.support.workspace import act

_REFERENCE = "reference-reference.png"


@pytest.fixture(autouse=True)
def _others_are_cleaned(sweep: Sweep) -> None:
    while sweep()["jobs_cleaned"]:
        pass


@pytest.fixture
def started(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """A job with a reference image."""
    first = person.create_job()
    hand_worker.finish(first, RED)
    path = person.asset(first)["temp_storage_path"]
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a star like this"}}
    answer = person.invoke("queue-job", {**body, "referenceImageUrl": path})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"]["id"])


@pytest.fixture
def claim(hand_worker: ScriptedWorker, started: str) -> dict[str, Any]:
    """The job's claim, with all of its files uploaded."""
    claim_id, claim = hand_worker.claimed(started)
    _upload(hand_worker, claim)
    return {"claimId": claim_id, **claim}


def test_a_failed_job_keeps_only_what_a_retry_starts_from(
    bare: LocalSystem,
    person: UserClient,
    hand_worker: ScriptedWorker,
    sweep: Sweep,
    started: str,
    claim: dict[str, Any],
) -> None:
    assert len(objects(bare, person, f"{started}/")) == 5
    hand_worker.fail(started, claim["claimId"])
    assert sweep()["objects_deleted"] >= 4
    assert objects(bare, person, f"{started}/") == {_REFERENCE}
    assert act(person, "retry_job", jobId=started).status_code == 200


def test_a_cancelled_job_keeps_nothing(
    bare: LocalSystem, person: UserClient, sweep: Sweep, started: str, claim: dict[str, Any]
) -> None:
    assert claim
    assert act(person, "cancel_job", jobId=started).status_code == 200
    sweep()
    assert objects(bare, person, f"{started}/") == set()


def test_a_retry_that_was_cancelled_can_be_tried_again(
    person: UserClient,
    hand_worker: ScriptedWorker,
    sweep: Sweep,
    started: str,
    claim: dict[str, Any],
) -> None:
    hand_worker.fail(started, claim["claimId"])
    again = act(person, "retry_job", jobId=started).json()["job"]["id"]
    assert act(person, "cancel_job", jobId=again).status_code == 200
    sweep()
    assert act(person, "retry_job", jobId=started).status_code == 200


def test_what_is_uploaded_after_the_end_goes_when_no_more_can_come(
    bare: LocalSystem,
    person: UserClient,
    hand_worker: ScriptedWorker,
    sweep: Sweep,
    started: str,
    claim: dict[str, Any],
) -> None:
    act(person, "cancel_job", jobId=started)
    sweep()
    _upload(hand_worker, claim)
    row = _row(bare, started)
    assert row["cleanup_after"] - row["completed_at"] == timedelta(minutes=40)
    sweep()
    assert len(objects(bare, person, f"{started}/")) == 4
    _later(bare, started)
    sweep()
    assert objects(bare, person, f"{started}/") == set()
    assert _row(bare, started)["cleanup_after"] is None


def test_a_completed_job_keeps_its_assets(
    bare: LocalSystem,
    person: UserClient,
    hand_worker: ScriptedWorker,
    sweep: Sweep,
    started: str,
    claim: dict[str, Any],
) -> None:
    assets = [hand_worker.asset(place) for place in claim["uploads"]]
    assert hand_worker.complete(started, claim["claimId"], assets).status_code == 200
    sweep()
    assert len(objects(bare, person, f"{started}/")) == 5, "an older claim may still write"
    _later(bare, started)
    at_once(sweep)
    asset = person.asset(started)
    kept = {f"{started}/{name}" for name in objects(bare, person, f"{started}/")}
    named = {asset["temp_storage_path"], asset["thumbnail_path"]}
    assert {f"{person.id}/{path}" for path in kept} == named
    assert _row(bare, started)["cleanup_after"] is None


def test_one_job_that_cannot_be_cleaned_holds_up_nothing_and_comes_again(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep, started: str
) -> None:
    other = person.create_job()
    for job_id in (started, other):
        _upload(hand_worker, hand_worker.claimed(job_id)[1])
        act(person, "cancel_job", jobId=job_id)
        _later(bare, job_id)
    with bare.database() as connection:
        check = f"check (id <> '{started}' or cleanup_after is not null) not valid"
        connection.execute(f"alter table jobs add constraint closed {check}".encode())
        counts = sweep()
        connection.execute(b"alter table jobs drop constraint closed")
    assert counts["not_done"] == ["ended jobs"]
    assert (_row(bare, other)["cleanup_after"], objects(bare, person, f"{other}/")) == (None, set())
    taken = "cleanup_after between now() + interval '9 min' and now() + interval '10 min'"
    assert bare.value(f"select {taken} from jobs where id = %s", started) is True
    _later(bare, started)
    assert sweep()["not_done"] == []
    assert _row(bare, started)["cleanup_after"] is None


def test_at_most_five_hundred_are_cleaned_each_by_one_sweep(
    bare: LocalSystem, person: UserClient, sweep: Sweep
) -> None:
    bare.rows(
        "insert into jobs (user_id, job_type, status, queue, model_variant, format, quality,"
        " original_prompt, credits, parameters, cleanup_after) select %s, 'sdxl_image_fast',"
        " 'cancelled', 'sdxl_queue', 'sdxl', 'image', 'fast', 'a star', 0, '{}', now()"
        " from generate_series(1, 510) returning id",
        person.id,
    )
    assert sweep()["jobs_cleaned"] == 500
    assert sum(one["jobs_cleaned"] for one in at_once(sweep)) == 10


def _upload(worker: ScriptedWorker, claim: dict[str, Any]) -> None:
    """Upload the claim's image, thumbnail, preview and manifest."""
    worker.upload(claim)
    for kind in ("preview", "manifest"):
        put = web.put(claim[f"{kind}PutUrl"], content=b"{}", headers=claim[f"{kind}Headers"])
        assert put.status_code == 200, put.text


def _row(system: LocalSystem, job_id: str) -> dict[str, Any]:
    (row,) = system.rows("select cleanup_after, completed_at from jobs where id = %s", job_id)
    return row


def _later(system: LocalSystem, job_id: str) -> None:
    """Let the job have ended 40 minutes earlier, with its cleanup due now."""
    passed = "completed_at = completed_at - interval '40 min', cleanup_after = now()"
    system.rows(f"update jobs set {passed} where id = %s returning id", job_id)
