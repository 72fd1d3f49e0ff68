"""sweep-jobs: recovery of jobs after a crash: expired leases, manifests, lost tasks, deadlines."""

from concurrent.futures import ThreadPoolExecutor

from shared.contracts import webhook_signature
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker, upload_manifest_only
from tests.support.sweep import Sweep, at_once
from tests.support.workspace import until_waiting


def test_an_expired_lease_requeues_the_job_and_stops_the_old_claim(
    job: str, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    old_claim, _ = hand_worker.claimed(job)
    hand_worker.expire_lease(job)
    assert sweep()["sent_back"] >= 1
    wait_until(lambda: hand_worker.messages[job].dispatch_no == 2, what="its next turn")
    new_claim, claim = hand_worker.claimed(job)
    beat = hand_worker.callback_body(job, old_claim, "processing", progress=0.9)
    assert hand_worker.send("job-callback", beat).json()["proceed"] is False
    hand_worker.complete(job, new_claim, hand_worker.upload(claim))
    (row,) = person.rows("jobs", id=f"eq.{job}")
    assert (row["status"], row["attempts"]) == ("completed", 2)


def test_an_older_claim_may_complete_a_job_that_is_open(
    job: str, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    old_claim, old = hand_worker.claimed(job)
    assets = hand_worker.upload(old)
    hand_worker.expire_lease(job)
    sweep()
    wait_until(lambda: hand_worker.messages[job].dispatch_no == 2, what="its next turn")
    new_claim, new = hand_worker.claimed(job)
    assert hand_worker.complete(job, old_claim, assets).json()["proceed"] is True
    late = hand_worker.complete(job, new_claim, hand_worker.upload(new))
    assert late.json()["proceed"] is False
    assert [asset["temp_storage_path"] for asset in person.rows("workspace_assets")] == [
        assets[0]["tempStoragePath"]
    ]


def test_a_lease_that_expires_three_times_fails_the_job_with_a_refund(
    job: str, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    for attempt in (1, 2, 3):
        wait_until(
            lambda n=attempt: hand_worker.messages[job].dispatch_no == n,  # type: ignore[misc]
            what=f"dispatch {attempt}",
        )
        hand_worker.claimed(job)
        hand_worker.expire_lease(job)
        sweep()
    (row,) = person.rows("jobs", id=f"eq.{job}")
    assert row["status"] == "failed"
    assert "stopped responding" in row["error_message"]
    assert person.ledger() == ["grant", "reserve", "refund"]


def test_the_sweep_completes_a_job_from_its_manifest(
    job: str, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    upload_manifest_only(hand_worker, job, claim_id, claim, key=hand_worker.key)
    hand_worker.expire_lease(job)
    assert sweep()["completed_from_manifest"] == 1
    assert person.status(job) == "completed"
    assert person.ledger() == ["grant", "reserve", "settle"]


def test_a_manifest_signed_with_another_key_is_rejected(
    job: str, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    claim_id, claim = hand_worker.claimed(job)
    upload_manifest_only(hand_worker, job, claim_id, claim, key=webhook_signature.new_key())
    hand_worker.expire_lease(job)
    assert sweep()["completed_from_manifest"] == 0
    assert person.rows("workspace_assets") == []


def test_a_job_past_its_deadline_fails_and_is_refunded(
    job: str, bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    hand_worker.claimed(job)
    bare.rows(
        "update jobs set deadline_at = now(), lease_until = now() where id = %s returning id", job
    )
    sweep()
    (row,) = person.rows("jobs", id=f"eq.{job}")
    assert (row["status"], row["attempts"]) == ("failed", 1)
    assert person.ledger() == ["grant", "reserve", "refund"]


def test_a_job_that_never_began_is_ended_after_a_day(
    job: str, bare: LocalSystem, person: UserClient, sweep: Sweep
) -> None:
    bare.rows("update jobs set expires_at = now() where id = %s returning id", job)
    assert sweep()["failed"] >= 1
    assert person.status(job) == "failed"
    assert person.ledger() == ["grant", "reserve", "refund"]


def test_a_dispatched_job_that_no_worker_claims_is_dispatched_again(
    job: str, bare: LocalSystem, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    bare.rows("update jobs set claim_by = now() where id = %s returning id", job)
    assert sweep()["unclaimed"] >= 1
    wait_until(lambda: hand_worker.messages[job].dispatch_no == 2, what="its next turn")


def test_a_job_whose_task_was_lost_is_sent_again(
    job: str, bare: LocalSystem, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    lost = "dispatch_no = 2, dispatched_at = now() - interval"
    bare.rows(f"update jobs set {lost} '4 s' where id = %s returning id", job)
    sweep()
    assert hand_worker.messages[job].dispatch_no == 1, "it may only be late"
    bare.rows(f"update jobs set {lost} '6 s' where id = %s returning id", job)
    at_once(sweep)
    wait_until(lambda: hand_worker.messages[job].dispatch_no == 2, what="the task")
    bodies = [body for _, body in hand_worker.deliveries if job.encode() in body]
    assert len(bodies) == 2
    hand_worker.finish(job)


def test_clearing_slots_waits_for_a_fill(job: str, bare: LocalSystem, sweep: Sweep) -> None:
    bare.rows("update jobs set claim_by = now() where id = %s returning id", job)
    with ThreadPoolExecutor() as pool, bare.database() as connection:
        for queue in ("sdxl_queue", "wan_queue"):
            lock = f"select pg_advisory_xact_lock(hashtext('dispatch'), hashtext('{queue}'))"
            with connection.transaction():
                connection.execute(lock.encode())
                swept = pool.submit(sweep)
                until_waiting(bare)
            assert swept.result()["not_done"] == []
    assert bare.value("select dispatch_no from jobs where id = %s", job) == 2


def test_several_sweeps_at_once_end_a_job_once(
    job: str, bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    hand_worker.claimed(job)
    bare.rows(
        "update jobs set deadline_at = now(), lease_until = now() where id = %s returning id", job
    )
    assert sum(one["failed"] for one in at_once(sweep)) == 1
    assert person.ledger() == ["grant", "reserve", "refund"]
