"""POST /playground-chat, two or more at once: a conversation's messages take turns."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tests.chat_server import CHAT_SECONDS, Answer, Body, ChatServer, say
from tests.system import Person, System, until
from tests.web import web

pytest_plugins = ["tests.chatting"]

Send = Callable[..., Future[httpx.Response]]


@contextmanager
def _at_once(person: Person) -> Iterator[Send]:
    """A way to send messages without waiting for their answers."""
    with ThreadPoolExecutor(20) as others:

        def send(message: str, **more: object) -> Future[httpx.Response]:
            return others.submit(person.call, "playground-chat", {"message": message, **more})

        yield send


def _begun(person: Person) -> str:
    answer = person.call("playground-chat", {"message": "hello"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["conversation_id"])


def _contents(system: System, conversation_id: str) -> list[str]:
    rows = system.rows(
        "select seq, content from messages where conversation_id = %s order by seq", conversation_id
    )
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["content"] for row in rows][2:]


def _waiting(system: System, conversation_id: str) -> int:
    query = "select count(*) from chat_turns where conversation_id = %s"
    return int(system.value(query, conversation_id))


def _is_up(system: System) -> bool:
    try:
        return web.get(f"{system.base}/healthz").is_success
    except httpx.TransportError:
        return False


def _echo(answer: Answer, body: Body) -> None:
    """To each its own, after a while."""
    say(f"to {body['messages'][-1]['content']}", pause=0.3)(answer, body)


def _leave_turn(system: System, conversation_id: str, *, seconds: float) -> int:
    """What a process that was killed leaves."""
    return int(
        system.value(
            "insert into chat_turns (conversation_id, lease_until)"
            " values (%s, now() + make_interval(secs => %s)) returning id",
            conversation_id,
            seconds,
        )
    )


def test_messages_sent_at_once_are_answered_in_their_order(
    talking: System, talker: Person, server: ChatServer
) -> None:
    conversation_id = _begun(talker)
    server.behave = _echo
    with _at_once(talker) as send:
        sent = []
        for number in range(4):
            sent.append(send(f"message {number}", conversation_id=conversation_id))
            until(
                lambda: _waiting(talking, conversation_id) == len(sent),
                what="it to stand in line",
            )
        assert [one.result().json()["response"] for one in sent] == [
            f"to message {number}" for number in range(4)
        ]
    assert _contents(talking, conversation_id) == [
        f"{to}message {number}" for number in range(4) for to in ("", "to ")
    ]
    assert _waiting(talking, conversation_id) == 0
    assert len(server.asked[-1]["messages"]) == 1 + 9


def test_the_line_is_short(talking: System, talker: Person, server: ChatServer) -> None:
    conversation_id = _begun(talker)
    server.behave = _echo
    with _at_once(talker) as send:
        sent = [send(f"message {number}", conversation_id=conversation_id) for number in range(8)]
        answers = [one.result() for one in sent]
    refused = [one for one in answers if one.status_code == 409]
    assert len(refused) == 3
    assert {one.json()["code"] for one in refused} == {"in_progress"}
    assert len(_contents(talking, conversation_id)) == 2 * 5


def test_what_is_refused_does_not_stand_in_line(
    talking: System, talker: Person, server: ChatServer
) -> None:
    conversation_id = _begun(talker)
    held = _leave_turn(talking, conversation_id, seconds=5)
    body = {"message": "a nude child", "conversation_id": conversation_id}
    began = time.monotonic()
    assert talker.call("playground-chat", body).status_code == 422
    assert time.monotonic() - began < 1
    assert len(server.asked) == 1
    talking.rows("delete from chat_turns where id = %s returning id", held)


def test_who_waits_for_a_model_holds_no_connection(
    talking: System, talker: Person, server: ChatServer
) -> None:
    server.behave = say("slowly", pause=CHAT_SECONDS - 0.5)
    with _at_once(talker) as send:
        sent = [send(f"message {number}") for number in range(15)]
        until(lambda: len(server.asked) == 15, what="all to be asked")
        began = time.monotonic()
        assert len(talker.rows("conversations")) == 15
        assert time.monotonic() - began < 0.5
        assert (
            talking.value(
                "select count(*) from pg_stat_activity where state = 'idle in transaction'"
            )
            == 0
        )
        assert {one.result().status_code for one in sent} == {200}, "10 connections do for 15"


def test_a_turn_whose_process_was_killed_is_waited_out(
    talking: System, talker: Person, server: ChatServer
) -> None:
    conversation_id = _begun(talker)
    server.behave = say("after all")
    _leave_turn(talking, conversation_id, seconds=0.6)
    began = time.monotonic()
    body = {"message": "and now?", "conversation_id": conversation_id}
    assert talker.call("playground-chat", body).status_code == 200
    assert 0.4 < time.monotonic() - began < 2
    assert _contents(talking, conversation_id) == ["and now?", "after all"]
    assert _waiting(talking, conversation_id) == 0


@pytest.mark.slow
def test_a_kill_in_the_middle_of_an_answer_holds_up_the_next_message_for_a_lease(
    talking: System, talker: Person, server: ChatServer
) -> None:
    conversation_id = _begun(talker)
    server.behave = say("never told", pause=30)
    with _at_once(talker) as send:
        cut = send("message 1", conversation_id=conversation_id, long_response=False)
        until(lambda: len(server.asked) == 2, what="the model to be asked")
        talking.kill("gateway")
        assert isinstance(cut.exception(), httpx.TransportError)
    until(lambda: _is_up(talking), what="the gateway to be back")
    server.behave = say("after all")
    body = {"message": "message 2", "conversation_id": conversation_id}
    began = time.monotonic()
    answer = talker.call("playground-chat", body)
    assert answer.status_code == 200, answer.text
    assert time.monotonic() - began < CHAT_SECONDS + 5 + 1
    assert _contents(talking, conversation_id) == ["message 1", "message 2", "after all"]


def test_an_answer_whose_turn_lapsed_is_not_stored(
    talking: System, talker: Person, server: ChatServer
) -> None:
    conversation_id = _begun(talker)
    lapse = "update chat_turns set lease_until = now() where conversation_id = %s returning id"

    def behave(answer: Answer, body: Body) -> None:
        number = body["messages"][-1]["content"][-1]
        if number == "1":
            talking.rows(lapse, conversation_id)
        say(f"answer {number}", pause=0.8 if number == "1" else 0.1)(answer, body)

    server.behave = behave
    with _at_once(talker) as send:
        first = send("message 1", conversation_id=conversation_id)
        until(lambda: len(server.asked) == 2, what="the first to be asked")
        second = send("message 2", conversation_id=conversation_id).result()
        assert second.status_code == 200, second.text
        assert (first.result().status_code, first.result().json()["code"]) == (503, "unavailable")
    assert _contents(talking, conversation_id) == ["message 1", "message 2", "answer 2"]


@pytest.mark.usefixtures("server")
def test_who_waits_keeps_the_place_and_a_later_one_stays_behind(
    talking: System, talker: Person
) -> None:
    conversation_id = _begun(talker)
    held = _leave_turn(talking, conversation_id, seconds=60)
    with _at_once(talker) as send:
        first = send("message 1", conversation_id=conversation_id)
        until(lambda: _waiting(talking, conversation_id) == 2, what="the first")
        second = send("message 2", conversation_id=conversation_id)
        time.sleep(0.5)
        assert not first.done()
        assert _contents(talking, conversation_id) == []
        talking.rows("delete from chat_turns where id = %s returning id", held)
        assert {first.result().status_code, second.result().status_code} == {200}
    assert _contents(talking, conversation_id)[::2] == ["message 1", "message 2"]
