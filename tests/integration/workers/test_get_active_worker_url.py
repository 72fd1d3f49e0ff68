"""get-active-worker-url: which worker is returned, to which callers; a request changes nothing."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from infra.local.config import tokens
from shared.contracts import webhook_signature
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

CHAT = {"worker_type": "chat"}
Seen = Callable[..., None]


@pytest.fixture
def seen(bare: LocalSystem) -> Iterator[Seen]:
    """Insert a chat worker that was seen this many seconds ago; other chat workers are inactive."""
    others = [
        row["id"]
        for row in bare.rows(
            "update workers set is_active = false where is_active and worker_type = 'chat'"
            " returning id"
        )
    ]

    def make(
        name: str, seconds_ago: int = 0, *, health: str = "healthy", key: str = "noop"
    ) -> None:
        bare.rows(
            "insert into workers (id, worker_type, worker_url, key_id, health, last_seen) values"
            " (%s, 'chat', %s, %s, %s, now() - make_interval(secs => %s)) returning id",
            f"seen-{name}",
            f"https://{name}.example",
            key,
            health,
            seconds_ago,
        )

    yield make
    bare.rows("delete from workers where id like 'seen-%%' returning id")
    bare.rows("update workers set is_active = true where id = any(%s) returning id", others)


def _url(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["worker_url"])


def test_the_answer_is_the_specifications(
    bare: LocalSystem, person: UserClient, seen: Seen
) -> None:
    seen("one")
    answer = person.invoke("get-active-worker-url", CHAT)
    assert answer.status_code == 200
    body = answer.json()
    updated = datetime.fromisoformat(body.pop("last_updated"))
    assert body == {
        "success": True,
        "worker_url": "https://one.example",
        "worker_type": "chat",
    }
    assert updated == bare.value("select last_seen from workers where id = 'seen-one'")


def test_it_is_the_one_seen_last(person: UserClient, seen: Seen) -> None:
    seen("older", 60)
    seen("newer", 30)
    seen("oldest", 90)
    assert _url(person.invoke("get-active-worker-url", CHAT)) == "https://newer.example"


def test_who_cannot_be_sent_anything_is_passed_over(
    bare: LocalSystem, person: UserClient, seen: Seen
) -> None:
    seen("fit", 60)
    seen("ill", 1, health="unhealthy")
    seen("without-a-key", 2, key="withdrawn")
    seen("gone", 3)
    bare.rows("update workers set is_active = false where id = 'seen-gone' returning id")
    assert _url(person.invoke("get-active-worker-url", CHAT)) == "https://fit.example"


def test_without_one_it_is_404(person: UserClient, seen: Seen) -> None:
    seen("ill", health="unhealthy")
    answer = person.invoke("get-active-worker-url", CHAT)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "chat" in answer.json()["error"]


def test_another_type_is_not_delivered(
    person: UserClient, hand_worker: ScriptedWorker, seen: Seen
) -> None:
    seen("chatting")
    answer = person.invoke("get-active-worker-url", {"worker_type": "sdxl"})
    assert _url(answer) == hand_worker.url


def test_asking_changes_nothing(bare: LocalSystem, person: UserClient, seen: Seen) -> None:
    seen("one", 600)
    before = bare.rows("select xmin, * from workers order by id")
    assert _url(person.invoke("get-active-worker-url", CHAT)) == "https://one.example"
    assert bare.rows("select xmin, * from workers order by id") == before


def test_a_registered_worker_may_ask(hand_worker: ScriptedWorker, seen: Seen) -> None:
    seen("one")
    assert _url(hand_worker.send("get-active-worker-url", CHAT)) == "https://one.example"


def test_a_worker_that_never_registered_is_403(bare: LocalSystem, seen: Seen) -> None:
    seen("one", key="demo")
    unregistered_worker = ScriptedWorker(bare, key_id="noop")
    rows = bare.rows("update workers set key_id = 'x' where key_id = 'noop' returning id")
    answer = unregistered_worker.send("get-active-worker-url", CHAT)
    names = [row["id"] for row in rows]
    bare.rows("update workers set key_id = 'noop' where id = any(%s) returning id", names)
    unregistered_worker.close()
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("token", [None, "nonsense", tokens.anon_token()])
def test_any_other_caller_is_401(bare: LocalSystem, token: str | None) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = web.post(f"{bare.base}/functions/v1/get-active-worker-url", json=CHAT, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_an_invalid_signature_is_401(hand_worker: ScriptedWorker) -> None:
    answer = hand_worker.send("get-active-worker-url", CHAT, key=webhook_signature.new_key())
    assert answer.status_code == 401


def test_a_token_must_be_valid_whatever_the_signature(hand_worker: ScriptedWorker) -> None:
    headers = {"authorization": f"Bearer {tokens.anon_token()}"}
    answer = hand_worker.send("get-active-worker-url", CHAT, headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize("body", [{}, {"worker_type": "tts"}, {"worker_type": None}, [], "chat"])
def test_a_bad_body_is_422(person: UserClient, body: Any) -> None:  # noqa: ANN401 - anything
    assert person.invoke("get-active-worker-url", body).status_code == 422


def test_another_method_is_405(person: UserClient) -> None:
    assert person.get("/functions/v1/get-active-worker-url").status_code == 405
