"""Idempotency-Key: one job and one response, however often a request is sent."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import BaseModel

from shared.db.listener import Subscription
from shared.http import idempotency
from shared.http.idempotency import IdempotentRequest
from shared.services import Services
from tests.support.http import web
from tests.support.local_system import TIMEOUT_SECONDS, LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker
from tests.support.second_gateway import SecondGateway

_BODY = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a red star"}}


class Answer(BaseModel):
    message: str


@pytest.fixture
def patient(bare: LocalSystem) -> Iterator[LocalSystem]:
    """Functions whose statements wait for a lock as long as a test holds it.

    They are started for each test, since another test kills Postgres under them.
    """
    limits = {f"{name}_TIMEOUT_MS": str(TIMEOUT_SECONDS * 1000) for name in ("LOCK", "STATEMENT")}
    revision = SecondGateway(bare, STARTING_CREDITS="20", **limits)
    yield revision.up()
    revision.end()


def _ask(person: UserClient, key: str, body: object = _BODY) -> httpx.Response:
    return person.invoke("queue-job", body, **{"idempotency-key": key})


def test_the_same_key_and_body_give_the_first_answer_again(person: UserClient) -> None:
    first, second = _ask(person, "one"), _ask(person, "one")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.text == second.text
    assert len(person.rows("jobs")) == 1
    assert person.rows("profiles")[0]["token_balance"] == 19


def test_a_hundred_at_once_are_one_job(person: UserClient) -> None:
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        futures = [pool.submit(_ask_until_served, person, "k") for _ in range(100)]
        answers = [future.result() for future in futures]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert len(person.rows("jobs")) == 1
    assert person.rows("profiles")[0]["token_balance"] == 19


def test_another_body_under_a_used_key_is_422(person: UserClient) -> None:
    _ask(person, "one")
    other = {**_BODY, "metadata": {"prompt": "a blue star"}}
    answer = _ask(person, "one", other)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(person.rows("jobs")) == 1


def test_keys_are_each_users_own(bare: LocalSystem, person: UserClient) -> None:
    other_user = UserClient(bare)
    assert _ask(person, "one").json()["job"]["id"] != _ask(other_user, "one").json()["job"]["id"]


def test_an_error_frees_the_key(bare: LocalSystem, person: UserClient) -> None:
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a star", "num_images": 6}}
    for _ in range(3):
        person.create_job(num_images=6)
    assert _ask(person, "one", body).status_code == 402
    bare.rows("update profiles set token_balance = 50 where id = %s returning id", person.id)
    assert _ask(person, "one", body).status_code == 202


@pytest.mark.parametrize("key", ["x" * 256, "\u00e9", "tab\there"])
def test_a_malformed_key_is_422(person: UserClient, key: str) -> None:
    headers = [
        (b"authorization", f"Bearer {person.token}".encode()),
        (b"idempotency-key", key.encode()),
    ]
    answer = web.post(f"{person.base}/functions/v1/queue-job", json=_BODY, headers=headers)
    assert answer.status_code == 422
    assert person.rows("jobs") == []


def test_a_request_waits_for_the_one_before_it(bare: LocalSystem, patient: LocalSystem) -> None:
    person = UserClient(patient)
    _hold(bare, person, "one", lease_seconds=3600)
    with bare.database() as other, concurrent.futures.ThreadPoolExecutor(1) as pool:
        with other.transaction():
            query = "select from idempotency_keys where user_id = %s for update"
            other.execute(query, [person.id])
            future = pool.submit(_ask, person, "one")
            _wait_for_blocked(bare, other.info.backend_pid)
        # It has reached the key and found it reserved.
        _free(bare, person)
        assert future.result().status_code == 202


async def test_a_request_that_waits_is_notified(
    bare: LocalSystem, person: UserClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the notification it would poll in an hour."""
    monkeypatch.setattr(idempotency, "_FALLBACK_POLL_SECONDS", 3600)
    waits, begins = asyncio.Semaphore(0), Subscription.wait

    async def begin_to_wait(subscription: Subscription, until: float) -> str | None:
        waits.release()
        return await begins(subscription, until)

    async def act(_: IdempotentRequest) -> Answer:
        return Answer(message="It is done.")

    monkeypatch.setattr(Subscription, "wait", begin_to_wait)
    _hold(bare, person, "one", lease_seconds=3600)
    services = Services(bare.settings(idempotency_wait_seconds=7200))
    scope = idempotency.key_scope(
        "one", user_id=UUID(person.id), endpoint="queue_job", body=_content()
    )
    waiting = asyncio.create_task(idempotency.run_once(act, scope, services))
    try:
        for _ in range(2):  # the first wake-up is the listener's connection
            await asyncio.wait_for(waits.acquire(), TIMEOUT_SECONDS)
        _free(bare, person)
        answer = await asyncio.wait_for(waiting, TIMEOUT_SECONDS)
        assert answer == Answer(message="It is done.")
    finally:
        await services.close()


def test_the_key_of_a_crashed_request_is_free_once_its_lease_expires(
    bare: LocalSystem, person: UserClient
) -> None:
    _hold(bare, person, "one", lease_seconds=1.5)
    assert _ask(person, "one").status_code == 202
    assert len(person.rows("jobs")) == 1


def test_an_answer_outlives_the_process_that_gave_it(bare: LocalSystem, person: UserClient) -> None:
    first = _ask(person, "restart")
    for part in ("gateway", "postgres"):
        bare.kill(part)
    wait_until(lambda: _ask_again(person) is not None, what="the gateway to answer again")
    again = _ask_again(person)
    assert again is not None
    assert again.json() == first.json()
    assert len(person.rows("jobs")) == 1


def test_a_request_that_waited_in_vain_is_409_with_retry_after(
    bare: LocalSystem, person: UserClient
) -> None:
    _hold(bare, person, "one", lease_seconds=3600)
    hurried = SecondGateway(bare, IDEMPOTENCY_WAIT_SECONDS="0.1").up()
    answer = _ask(UserClient(hurried, person.id), "one")
    hurried.end()
    assert (answer.status_code, answer.json()["code"]) == (409, "in_progress")
    assert 3000 < int(answer.headers["retry-after"]) <= 3600
    assert person.rows("jobs") == []


def test_a_request_that_lost_its_key_makes_no_job(bare: LocalSystem, patient: LocalSystem) -> None:
    person = UserClient(patient)
    with bare.database() as other, other.transaction():
        # The first is blocked in its transaction by the lock on the user's profile.
        person.create_job()
        other.execute("select from profiles where id = %s for update", [person.id])
        answers: list[httpx.Response] = []
        first = threading.Thread(target=lambda: answers.append(_ask(person, "one")))
        first.start()
        _wait_for_blocked(bare, other.info.backend_pid)
        bare.rows(
            "update idempotency_keys set reservation = %s where user_id = %s returning id",
            uuid4(),
            person.id,
        )
    first.join()
    assert (answers[0].status_code, answers[0].json()["code"]) == (409, "in_progress")
    assert len(person.rows("jobs")) == 1
    assert person.rows("profiles")[0]["token_balance"] == 19


def test_a_save_under_a_key_is_answered_alike(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id = person.create_job()
    hand_worker.finish(job_id)
    asset = person.asset(job_id)["id"]
    body = {"action": "discard_asset", "assetId": asset}
    first = person.invoke("workspace-actions", body, **{"idempotency-key": "d"})
    second = person.invoke("workspace-actions", body, **{"idempotency-key": "d"})
    assert (first.status_code, first.text) == (second.status_code, second.text) == (200, first.text)


def test_a_collection_made_twice_under_a_key_is_one(person: UserClient) -> None:
    body = {"action": "create_collection", "name": "Stars"}
    keyed = {"idempotency-key": "c"}
    first, second = (person.invoke("workspace-actions", body, **keyed) for _ in range(2))
    assert first.text == second.text
    assert len(person.rows("user_collections")) == 1


def test_keys_are_forgotten_after_a_day(
    bare: LocalSystem, person: UserClient, sweep: Callable[[], dict[str, int]]
) -> None:
    first = _ask(person, "one")
    bare.rows(
        "update idempotency_keys set created_at = now() - interval '25 hours'"
        " where user_id = %s returning id",
        person.id,
    )
    assert sweep()["keys_deleted"] == 1
    assert _ask(person, "one").json()["job"]["id"] != first.json()["job"]["id"]


def _hold(system: LocalSystem, person: UserClient, key: str, *, lease_seconds: float) -> None:
    """Reserve the key as a request does that crashed afterwards."""
    digest = system.value("select sha256(%s)", _content())
    system.rows(
        "insert into idempotency_keys (user_id, endpoint, key, body_hash, reservation, lease_until)"
        " values (%s, 'queue_job', %s, %s, %s, now() + make_interval(secs => %s)) returning id",
        person.id,
        key,
        digest,
        uuid4(),
        lease_seconds,
    )


def _ask_again(person: UserClient) -> httpx.Response | None:
    """The response under the key used before; None while the gateway gives none."""
    try:
        answer = _ask(person, "restart")
    except httpx.TransportError:
        return None
    return answer if answer.status_code == 202 else None


def _content() -> bytes:
    """The body of a request as a client sends it."""
    return httpx.Request("POST", "http://x", json=_BODY).content


def _free(system: LocalSystem, person: UserClient) -> None:
    """Release the user's keys as a failed request does, and notify the waiting requests."""
    system.rows(
        "with freed as (delete from idempotency_keys where user_id = %s returning id)"
        " select pg_notify('idempotency', id::text) from freed",
        person.id,
    )


def _wait_for_blocked(system: LocalSystem, pid: int) -> None:
    """Wait until a transaction waits for a lock of that connection."""
    query = "select count(*) from pg_stat_activity where %s = any(pg_blocking_pids(pid))"
    wait_until(lambda: system.value(query, pid) > 0, what="a transaction to be blocked")


def _ask_until_served(person: UserClient, key: str) -> httpx.Response:
    """Retry while no database connection is available."""
    while True:
        answer = _ask(person, key)
        if answer.status_code != 503:
            return answer
