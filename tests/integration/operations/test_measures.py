"""The metrics behind the service's objectives, as they are written to the log."""

from collections.abc import Callable

import pytest

from tests.support.images import RED
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.sweep import objects
from tests.support.traces import measured

Sweep = Callable[[], dict[str, int]]


def _set(system: LocalSystem, job_id: str, change: str) -> None:
    (_,) = system.rows(f"update jobs set {change} where id = %s returning id", job_id)


@pytest.mark.parametrize(
    ("deadline", "late"), [("now() + interval '1 minute'", 0), ("now() - interval '1 second'", 1)]
)
def test_a_jobs_end_is_late_past_its_deadline(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, deadline: str, late: int
) -> None:
    job_id = person.create_job()
    claim_id, claim = hand_worker.claimed(job_id)
    _set(bare, job_id, f"deadline_at = {deadline}")
    assets = hand_worker.upload(claim, RED)
    assert hand_worker.complete(job_id, claim_id, assets).status_code == 200
    assert hand_worker.complete(job_id, claim_id, assets).status_code == 200
    assert measured(bare, "job_late", job_id=job_id) == [late]
    (seconds,) = measured(bare, "callback_visible_seconds", job_id=job_id)
    assert 0 < seconds < 30


def test_a_job_ends_once_however_often_it_is_tried(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id = person.create_job()
    claim_id, _ = hand_worker.claimed(job_id)
    hand_worker.fail(job_id, claim_id, retryable=True)
    assert measured(bare, "job_late", job_id=job_id) == []
    person.invoke("workspace-actions", {"action": "cancel_job", "jobId": job_id})
    assert measured(bare, "job_late", job_id=job_id) == []


def test_a_job_that_has_expired_was_late(
    bare: LocalSystem, person: UserClient, sweep: Sweep
) -> None:
    job_id = person.create_job()
    before = measured(bare, "job_late").count(1)
    _set(bare, job_id, "expires_at = now() - interval '1 second'")
    sweep()
    assert person.status(job_id) == "failed"
    assert measured(bare, "job_late").count(1) == before + 1


def test_a_sweep_reports_how_long_the_oldest_job_waits(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    job_id = person.create_job()
    hand_worker.message(job_id)
    away = bare.rows("update workers set is_active = false where is_active returning id")
    try:
        withdrawn = "dispatched_at = null, claim_by = null, updated_at = now() - interval '1 hour'"
        _set(bare, job_id, withdrawn)
        sweep()
        assert measured(bare, "oldest_undispatched_seconds")[-1] >= 3600
    finally:
        bare.rows(
            "update workers set is_active = true where id = any(%s) returning id",
            [row["id"] for row in away],
        )
    sweep()
    assert 0 <= measured(bare, "oldest_undispatched_seconds")[-1] < 3600


def test_a_sweep_counts_objects_that_were_orphaned_for_a_day(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    while sweep()["jobs_cleaned"]:
        pass
    job_id = person.create_job()
    claim_id, claim = hand_worker.claimed(job_id)
    hand_worker.upload(claim)
    hand_worker.fail(job_id, claim_id)
    _set(bare, job_id, "cleanup_after = now() + interval '1 hour'")
    sweep()
    assert measured(bare, "orphaned_objects")[-1] == 0
    _set(bare, job_id, "completed_at = now() - interval '25 hours'")
    sweep()
    assert measured(bare, "orphaned_objects")[-1] == 2
    _set(bare, job_id, "cleanup_after = now()")
    sweep()
    assert objects(bare, person, f"{job_id}/") == set()
    sweep()
    assert measured(bare, "orphaned_objects")[-1] == 0
