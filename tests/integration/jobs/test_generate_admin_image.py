"""generate-admin-image: synchronous, free, prioritized, idempotent, and for admins only."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from infra.local.config import tokens
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import PICTURE, ScriptedWorker
from tests.support.second_gateway import SecondGateway
from tests.support.unread_requests import unread_request

PROMPT = {"prompt": "a red star on blue", "model_type": "sdxl", "quality": "fast"}


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system whose admins wait until they are notified, and whose users may queue one job.

    Within the time of a test it does not poll for the picture.
    """
    system = LocalSystem(
        tmp_path_factory.mktemp("patient") / "data",
        worker="none",
        ADMIN_IMAGE_WAIT_SECONDS="3600",
        EVENT_POLL_SECONDS="3600",
        MAX_QUEUED_JOBS_PER_USER="1",
        SWEEP_SECONDS="3600",
    )
    system.start()
    yield system
    assert system.stop() == 0


@pytest.fixture(scope="module")
def hurried(patient: LocalSystem) -> Iterator[LocalSystem]:
    """The functions of that system, with a wait of 0.1 seconds for admins."""
    revision = SecondGateway(patient, ADMIN_IMAGE_WAIT_SECONDS="0.1")
    yield revision.up()
    revision.end()


@pytest.fixture(scope="module")
def worker(patient: LocalSystem) -> Iterator[ScriptedWorker]:
    worker = ScriptedWorker(patient)
    for worker_type in ("sdxl", "wan"):
        assert worker.register(worker_type, slots=1000).status_code == 200
    yield worker
    worker.close()


@pytest.fixture
def admin(patient: LocalSystem) -> UserClient:
    return UserClient(patient, is_admin=True)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def _ask(person: UserClient, body: object = PROMPT, **headers: str) -> httpx.Response:
    return person.invoke("generate-admin-image", body, **headers)


def _jobs(system: LocalSystem, person: UserClient) -> list[dict[str, Any]]:
    return system.rows("select * from jobs where user_id = %s order by created_at", person.id)


def _job(system: LocalSystem, person: UserClient) -> str:
    """The id of the user's only job, once it exists."""
    wait_until(lambda: bool(_jobs(system, person)), what="the job")
    (job,) = _jobs(system, person)
    return str(job["id"])


def _pictured(answer: httpx.Response, job: str) -> None:
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "success": True,
        "image_url": answer.json()["image_url"],
        "job_id": job,
    }
    fetched = web.get(answer.json()["image_url"], follow_redirects=True)
    assert (fetched.status_code, fetched.content) == (200, PICTURE)


def test_the_picture_is_waited_for(
    patient: LocalSystem, admin: UserClient, worker: ScriptedWorker, pool: ThreadPoolExecutor
) -> None:
    future = pool.submit(_ask, admin)
    job = _job(patient, admin)
    worker.finish(job)
    _pictured(future.result(), job)


@pytest.mark.parametrize(
    ("model_type", "quality", "job_type", "steps"),
    [
        ("sdxl", "fast", "sdxl_image_fast", 15),
        ("sdxl", "high", "sdxl_image_high", 25),
        ("wan", "fast", "image_fast", 25),
        ("wan", "high", "image_high", 50),
    ],
)
def test_it_is_an_ordinary_job_that_costs_nothing(
    patient: LocalSystem,
    admin: UserClient,
    worker: ScriptedWorker,
    pool: ThreadPoolExecutor,
    *,
    model_type: str,
    quality: str,
    job_type: str,
    steps: int,
) -> None:
    future = pool.submit(_ask, admin, {**PROMPT, "model_type": model_type, "quality": quality})
    job = _job(patient, admin)
    sent = worker.message(job)
    assert (sent.job_type, sent.parameters.steps) == (job_type, steps)
    assert sent.parameters.prompt == PROMPT["prompt"]
    (row,) = _jobs(patient, admin)
    assert (row["priority"], row["credits"], row["format"]) == (10, 0, "image")
    worker.finish(job)
    _pictured(future.result(), job)
    ledger = admin.rows("credit_ledger", order="created_at.asc", select="kind,amount,balance_after")
    assert ledger == [
        {"kind": "grant", "amount": 100, "balance_after": 100},
        {"kind": "reserve", "amount": 0, "balance_after": 100},
        {"kind": "settle", "amount": 0, "balance_after": 100},
    ]


def test_what_takes_longer_is_answered_by_its_id_and_goes_on(
    patient: LocalSystem,
    hurried: LocalSystem,
    admin: UserClient,
    worker: ScriptedWorker,
    pool: ThreadPoolExecutor,
) -> None:
    hasty, keyed = UserClient(hurried, admin.id, is_admin=True), {"idempotency-key": "the same"}
    both = [pool.submit(_ask, hasty, PROMPT, **keyed) for _ in range(2)]
    job = _job(patient, admin)
    for future in both:
        assert future.result().status_code == 202
        assert future.result().json() == {"success": True, "image_url": "", "job_id": job}
    worker.finish(job)
    again = _ask(admin, PROMPT, **keyed)
    _pictured(again, job)
    assert len(_jobs(patient, admin)) == 1
    other = _ask(admin, {**PROMPT, "quality": "high"}, **keyed)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_client_that_goes_away_leaves_the_job(
    patient: LocalSystem, admin: UserClient, worker: ScriptedWorker
) -> None:
    url = f"{patient.base}/functions/v1/generate-admin-image"
    with unread_request(url, PROMPT, {"authorization": f"Bearer {admin.token}"}):
        job = _job(patient, admin)
    assert admin.status(job) == "queued"
    worker.finish(job)
    assert admin.status(job) == "completed"


def test_a_job_that_does_not_make_it_says_why(
    patient: LocalSystem, admin: UserClient, worker: ScriptedWorker, pool: ThreadPoolExecutor
) -> None:
    future = pool.submit(_ask, admin)
    job = _job(patient, admin)
    claim_id, _ = worker.claimed(job)
    assert worker.fail(job, claim_id).status_code == 200
    refused = future.result()
    assert (refused.status_code, refused.json()["code"]) == (409, "job_failed")
    assert "The model is not available." in refused.json()["error"]
    assert admin.ledger() == ["grant", "reserve", "refund"]
    assert admin.rows("profiles", select="token_balance") == [{"token_balance": 100}]


def test_a_job_that_is_cancelled_says_so(
    patient: LocalSystem, admin: UserClient, worker: ScriptedWorker, pool: ThreadPoolExecutor
) -> None:
    future = pool.submit(_ask, admin)
    job = _job(patient, admin)
    worker.message(job)
    cancelled = admin.invoke("workspace-actions", {"action": "cancel_job", "jobId": job})
    assert cancelled.status_code == 200
    assert (future.result().status_code, future.result().json()["code"]) == (409, "job_cancelled")


def test_it_goes_before_waiting_jobs_and_has_no_limit(
    request: pytest.FixtureRequest,
    patient: LocalSystem,
    admin: UserClient,
    worker: ScriptedWorker,
    pool: ThreadPoolExecutor,
) -> None:
    assert worker.register(slots=1).status_code == 200
    request.addfinalizer(lambda: worker.register(slots=1000))
    people = [UserClient(patient) for _ in range(4)]
    jobs = [person.create_job() for person in people]
    first, second = jobs[:2]  # one fills the slot, the other waits at the worker
    worker.message(first)
    worker.message(second)
    futures: list[Future[httpx.Response]] = [pool.submit(_ask, admin) for _ in range(2)]
    wait_until(lambda: len(_jobs(patient, admin)) == 2, what="two jobs, where one may be")
    worker.finish(first)
    worker.finish(second)
    for row in _jobs(patient, admin):
        worker.finish(str(row["id"]))
    assert {future.result().status_code for future in futures} == {200}
    worker.register(slots=1000)
    for job in jobs[2:]:
        worker.finish(job)
    messages = list(worker.messages)
    order = [messages.index(str(row["id"])) for row in _jobs(patient, admin)]
    assert max(order) < min(messages.index(job) for job in jobs[2:])


@pytest.mark.parametrize(
    ("token", "status"),
    [(None, 401), ("nonsense", 401), (tokens.anon_token(), 401), (tokens.user_token(), 403)],
)
def test_only_an_admin_is_let_in(patient: LocalSystem, token: str | None, status: int) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    url = f"{patient.base}/functions/v1/generate-admin-image"
    assert web.post(url, json=PROMPT, headers=headers).status_code == status
    developer = tokens.DEVELOPER
    assert patient.value("select count(*) from jobs where user_id = %s", developer) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": "x" * 2001}, "prompt"),
        ({"prompt": "a\x07b"}, "prompt"),
        ({"model_type": "dalle"}, "model_type"),
        ({"model_type": None}, "model_type"),
        ({"quality": "best"}, "quality"),
        ({"quality": None}, "quality"),
    ],
)
def test_a_bad_body_is_422_and_leaves_nothing(
    patient: LocalSystem, admin: UserClient, change: dict[str, object], field: str
) -> None:
    answer = _ask(admin, {**PROMPT, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [detail["field"] for detail in answer.json()["details"]] == [field]
    assert _jobs(patient, admin) == []


def test_the_safety_rules_hold_for_an_admin_too(patient: LocalSystem, admin: UserClient) -> None:
    answer = _ask(admin, {**PROMPT, "prompt": "nude child"})
    assert (answer.status_code, answer.json()["code"]) == (422, "content_refused")
    assert answer.json()["details"][0]["field"] == "prompt"
    assert _jobs(patient, admin) == []
