"""Credits under concurrency: however many requests at once, no user overdraws the balance."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.security.tally import Corpora, Tally
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.workspace import act

_MAX_QUEUED = 5
"""MAX_QUEUED_JOBS_PER_USER of the system without a worker."""

_BALANCE = 20


def _at_once(
    person: UserClient, bodies: list[dict[str, object]], **headers: str
) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(bodies)) as pool:
        futures = [pool.submit(person.invoke, "queue-job", body, **headers) for body in bodies]
    return [future.result() for future in futures]


def _job(kind: str, **metadata: object) -> dict[str, object]:
    return {"jobType": kind, "metadata": {"prompt": "a boat", **metadata}}


def _hold(
    system: LocalSystem, person: UserClient, tally: Tally, answers: list[httpx.Response]
) -> None:
    """Check that the balance equals the ledger's sum, is not negative, and pays for each job."""
    for answer in answers:
        tally.answered("a job", answer, {202, 402, 409, 429})
    balance = system.value("select token_balance from profiles where id = %s", person.id)
    entries = system.value(
        "select coalesce(sum(amount), 0) from credit_ledger where user_id = %s", person.id
    )
    open_cost = system.value(
        "select coalesce(sum(credits), 0) from jobs where user_id = %s"
        " and status in ('queued', 'processing', 'completed')",
        person.id,
    )
    tally.refused(f"the balance is {balance}", is_refused=balance >= 0)
    tally.refused(f"{balance} is not {entries}", is_refused=balance == entries)
    message = f"{balance} and {open_cost} are not {_BALANCE}"
    tally.refused(message, is_refused=balance + open_cost == _BALANCE)


def test_many_jobs_at_once_cost_no_more_than_there_is(
    bare: LocalSystem, corpora: Corpora, tally: Tally
) -> None:
    for _ in range(corpora.size(20, short=2)):
        person = UserClient(bare)
        answers = _at_once(person, [_job("video7b_high_enhanced")] * 12)  # 6 credits each, of 20
        accepted = sum(answer.status_code == 202 for answer in answers)
        tally.refused(f"{accepted} were accepted", is_refused=accepted == 3)
        _hold(bare, person, tally, answers)


def test_many_jobs_at_once_are_no_more_than_may_wait(
    bare: LocalSystem, corpora: Corpora, tally: Tally
) -> None:
    for _ in range(corpora.size(20, short=2)):
        person = UserClient(bare)
        answers = _at_once(person, [_job("sdxl_image_fast")] * 12)
        accepted = sum(answer.status_code == 202 for answer in answers)
        tally.refused(f"{accepted} were accepted", is_refused=accepted == _MAX_QUEUED)
        _hold(bare, person, tally, answers)


def test_one_key_many_times_at_once_is_one_job(
    bare: LocalSystem, corpora: Corpora, tally: Tally
) -> None:
    for number in range(corpora.size(10, short=2)):
        person = UserClient(bare)
        headers = {"Idempotency-Key": f"raced-{number}"}
        answers = _at_once(person, [_job("video7b_high_enhanced")] * 8, **headers)
        jobs = {answer.json()["job"]["id"] for answer in answers if answer.status_code == 202}
        tally.refused(f"{len(jobs)} jobs", is_refused=len(jobs) == 1)
        _hold(bare, person, tally, answers)


def test_a_job_that_ends_many_ways_at_once_is_refunded_once(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    """Cancelled, failed and completed at the same time: exactly one of them takes effect."""
    for _ in range(corpora.size(20, short=3)):
        person = UserClient(bare)
        job_id = person.create_job(job_type="sdxl_image_high", num_images=2)
        claim_id, claim = hand_worker.claimed(job_id)
        assets = hand_worker.upload(claim)
        with ThreadPoolExecutor(12) as pool:
            futures = [pool.submit(act, person, "cancel_job", jobId=job_id) for _ in range(4)]
            futures += [pool.submit(hand_worker.fail, job_id, claim_id) for _ in range(4)]
            futures += [
                pool.submit(hand_worker.complete, job_id, claim_id, assets) for _ in range(4)
            ]
        for future in futures:
            tally.answered("an end", future.result(), {200, 409})
        entries = person.ledger()
        ends = [kind for kind in entries if kind in {"refund", "settle"}]
        tally.refused(f"{entries}", is_refused=len(ends) == 1)
        _hold(bare, person, tally, [])


def test_retries_at_once_are_one_and_cost_once(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    for _ in range(corpora.size(10, short=2)):
        person = UserClient(bare)
        job_id = person.create_job(job_type="sdxl_image_high", num_images=2)
        claim_id, _ = hand_worker.claimed(job_id)
        hand_worker.fail(job_id, claim_id)
        with ThreadPoolExecutor(8) as pool:
            futures = [pool.submit(act, person, "retry_job", jobId=job_id) for _ in range(8)]
        job_ids = {future.result().json().get("job", {}).get("id") for future in futures}
        tally.refused(f"{job_ids}", is_refused=len(job_ids) == 1)
        _hold(bare, person, tally, [])
