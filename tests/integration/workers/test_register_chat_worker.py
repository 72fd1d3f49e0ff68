"""register-chat-worker: update-worker-url for a chat worker."""

from collections.abc import Iterator

import httpx
import pytest

from shared.contracts import webhook_signature
from tests.support.local_system import LocalSystem, UserClient, free_port
from tests.support.scripted_worker import ScriptedWorker


@pytest.fixture(scope="module")
def process(bare: LocalSystem) -> Iterator[ScriptedWorker]:
    """A process with a worker's key, at a separate URL."""
    worker = ScriptedWorker(bare)
    yield worker
    worker.close()


@pytest.fixture
def chatter(bare: LocalSystem, process: ScriptedWorker) -> Iterator[ScriptedWorker]:
    """A worker that has not registered; rows under its name are restored afterwards."""
    rows = bare.rows("delete from workers where id = 'demo-chat' returning *")
    yield process
    bare.rows("delete from workers where id = 'demo-chat' returning id")
    for row in rows:
        columns, values = ", ".join(row), ", ".join(["%s"] * len(row))
        bare.rows(f"insert into workers ({columns}) values ({values}) returning id", *row.values())


def _register(worker: ScriptedWorker, **more: object) -> httpx.Response:
    body = {"worker_url": worker.url, "worker_id": "demo-chat", **more}
    return worker.send("register-chat-worker", body)


def test_registering_is_recorded_and_returned(
    bare: LocalSystem, person: UserClient, chatter: ScriptedWorker
) -> None:
    answer = _register(chatter)
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "message": f"demo-chat is registered at {chatter.url}.",
    }
    (row,) = bare.rows("select * from workers where id = 'demo-chat'")
    assert (row["worker_type"], row["worker_url"], row["key_id"]) == ("chat", chatter.url, "demo")
    assert (row["is_active"], row["health"], row["slots"]) == (True, "healthy", 1)
    assert row["response_ms"] is not None
    payload = person.invoke("get-active-worker-url", {"worker_type": "chat"}).json()
    assert payload["worker_url"] == chatter.url


def test_registering_again_moves_it(bare: LocalSystem, chatter: ScriptedWorker) -> None:
    assert _register(chatter).status_code == 200
    moved = ScriptedWorker(bare)
    assert _register(moved, models=["tiny"], slots=3).status_code == 200
    (row,) = bare.rows("select * from workers where id = 'demo-chat'")
    assert (row["worker_url"], row["models"], row["slots"]) == (moved.url, ["tiny"], 3)
    moved.close()


def test_it_is_the_same_worker_as_update_worker_urls(
    bare: LocalSystem, chatter: ScriptedWorker
) -> None:
    assert _register(chatter).status_code == 200
    assert chatter.register("chat", slots=4).status_code == 200
    (row,) = bare.rows("select * from workers where key_id = 'demo' and worker_type = 'chat'")
    assert row["slots"] == 4


@pytest.mark.parametrize("name", ["noop-chat", "demo-sdxl", "demo-wan", "another"])
def test_a_worker_cannot_take_anothers_name(chatter: ScriptedWorker, name: str) -> None:
    assert _register(chatter, worker_id=name).status_code == 403


def test_a_name_of_another_type_stays_that_types(
    bare: LocalSystem, chatter: ScriptedWorker
) -> None:
    bare.rows(
        "insert into workers (id, worker_type, worker_url, key_id, is_active)"
        " values ('demo', 'sdxl', 'http://127.0.0.1:9', 'demo', false) returning id"
    )
    answer = _register(chatter, worker_id="demo")
    (row,) = bare.rows("delete from workers where id = 'demo' returning worker_type, worker_url")
    assert answer.status_code == 403
    assert row == {"worker_type": "sdxl", "worker_url": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    "address",
    ["https://example.com", "http://10.0.0.1", "http://127.0.0.1:80@x.example", "not an address"],
)
def test_a_hostile_address_is_422(bare: LocalSystem, chatter: ScriptedWorker, address: str) -> None:
    answer = _register(chatter, worker_url=address)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "Invalid worker URL" in answer.json()["error"], "no request was sent to it"
    assert bare.value("select count(*) from workers where worker_url = %s", address) == 0


def test_an_address_that_does_not_answer_is_422(chatter: ScriptedWorker) -> None:
    assert _register(chatter, worker_url=f"http://127.0.0.1:{free_port()}").status_code == 422


def test_an_address_that_cannot_prove_the_key_is_422(
    bare: LocalSystem, chatter: ScriptedWorker
) -> None:
    impostor = ScriptedWorker(bare)
    impostor.key = webhook_signature.new_key()
    answer = _register(chatter, worker_url=impostor.url)
    impostor.close()
    assert answer.status_code == 422
    assert "prove" in answer.json()["error"]


def test_only_a_worker_signature_is_accepted(person: UserClient, chatter: ScriptedWorker) -> None:
    body = {"worker_url": chatter.url, "worker_id": "demo-chat"}
    assert person.invoke("register-chat-worker", body).status_code == 401
    forged = chatter.send("register-chat-worker", body, key=webhook_signature.new_key())
    assert forged.status_code == 401


@pytest.mark.parametrize(
    "body", [{}, {"worker_id": "demo-chat"}, {"worker_url": "", "worker_id": "demo-chat"}]
)
def test_a_bad_body_is_422(chatter: ScriptedWorker, body: dict[str, str]) -> None:
    assert chatter.send("register-chat-worker", body).status_code == 422
