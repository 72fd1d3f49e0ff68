"""POST /playground-chat, concurrently: the messages of a conversation are answered in order."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tests.support.fake_chat_server import Answer, Body, ChatServer, reply, silent, wait_for
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until

pytest_plugins = ["tests.support.chat_fixtures"]

Send = Callable[..., Future[httpx.Response]]


@contextmanager
def _at_once(person: UserClient) -> Iterator[Send]:
    """A function that sends messages without waiting for their responses."""
    with ThreadPoolExecutor(20) as others:

        def send(message: str, **more: object) -> Future[httpx.Response]:
            return others.submit(person.invoke, "playground-chat", {"message": message, **more})

        yield send


def _begun(person: UserClient) -> str:
    answer = person.invoke("playground-chat", {"message": "hello"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["conversation_id"])


def _contents(system: LocalSystem, conversation_id: str) -> list[str]:
    rows = system.rows(
        "select seq, content from messages where conversation_id = %s order by seq", conversation_id
    )
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["content"] for row in rows][2:]


def _waiting(system: LocalSystem, conversation_id: str) -> int:
    query = "select count(*) from chat_turns where conversation_id = %s"
    return int(system.value(query, conversation_id))


def _is_up(system: LocalSystem) -> bool:
    try:
        return web.get(f"{system.base}/healthz").is_success
    except httpx.TransportError:
        return False


def _echo(answer: Answer, body: Body) -> None:
    """Reply with the request's last message."""
    reply(f"to {body['messages'][-1]['content']}")(answer, body)


def _leave_turn(system: LocalSystem, conversation_id: str) -> int:
    """Insert the turn of a process that was killed; its lease is valid for another hour."""
    return int(
        system.value(
            "insert into chat_turns (conversation_id, lease_until)"
            " values (%s, now() + interval '1 hour') returning id",
            conversation_id,
        )
    )


def _expire_first(system: LocalSystem, conversation_id: str) -> None:
    """Expire the lease of the first turn now."""
    system.rows(
        "update chat_turns set lease_until = now() - interval '1 s' where id ="
        " (select min(id) from chat_turns where conversation_id = %s) returning id",
        conversation_id,
    )


def test_messages_sent_at_once_are_answered_in_their_order(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    conversation_id, gate = _begun(chat_user), threading.Event()
    server.behave = wait_for(gate, _echo)
    with _at_once(chat_user) as send:
        sent = []
        for number in range(4):
            sent.append(send(f"message {number}", conversation_id=conversation_id))
            wait_until(
                lambda: _waiting(chat_system, conversation_id) == len(sent),
                what="it to stand in line",
            )
        gate.set()
        assert [future.result().json()["response"] for future in sent] == [
            f"to message {number}" for number in range(4)
        ]
    assert _contents(chat_system, conversation_id) == [
        f"{to}message {number}" for number in range(4) for to in ("", "to ")
    ]
    assert _waiting(chat_system, conversation_id) == 0
    assert len(server.requests[-1]["messages"]) == 1 + 9


def test_the_line_is_short(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    conversation_id, gate = _begun(chat_user), threading.Event()
    server.behave = wait_for(gate, _echo)
    with _at_once(chat_user) as send:
        sent = [send(f"message {number}", conversation_id=conversation_id) for number in range(8)]
        wait_until(lambda: sum(future.done() for future in sent) == 3, what="three to be refused")
        gate.set()
        answers = [future.result() for future in sent]
    refused = [answer for answer in answers if answer.status_code == 409]
    assert len(refused) == 3
    assert {response.json()["code"] for response in refused} == {"in_progress"}
    assert len(_contents(chat_system, conversation_id)) == 2 * 5


def test_what_is_refused_does_not_stand_in_line(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    conversation_id = _begun(chat_user)
    held = _leave_turn(chat_system, conversation_id)
    body = {"message": "a nude child", "conversation_id": conversation_id}
    assert chat_user.invoke("playground-chat", body).status_code == 422
    assert len(server.requests) == 1
    chat_system.rows("delete from chat_turns where id = %s returning id", held)


def test_who_waits_for_a_model_holds_no_connection(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    gate = threading.Event()
    server.behave = wait_for(gate, reply("at last"))
    with _at_once(chat_user) as send:
        sent = [send(f"message {number}") for number in range(15)]
        wait_until(lambda: len(server.requests) == 15, what="all requests to reach the server")
        assert len(chat_user.rows("conversations")) == 15
        query = "select count(*) from pg_stat_activity where state = 'idle in transaction'"
        wait_until(lambda: chat_system.value(query) == 0, what="no transaction to be open")
        gate.set()
        assert {future.result().status_code for future in sent} == {200}, "10 connections do for 15"


def test_a_turn_whose_process_was_killed_is_waited_out(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    conversation_id = _begun(chat_user)
    server.behave = reply("after all")
    _leave_turn(chat_system, conversation_id)
    with _at_once(chat_user) as send:
        waiting = send("and now?", conversation_id=conversation_id)
        wait_until(lambda: _waiting(chat_system, conversation_id) == 2, what="it to stand in line")
        assert _contents(chat_system, conversation_id) == []
        _expire_first(chat_system, conversation_id)
        assert waiting.result().status_code == 200
    assert _contents(chat_system, conversation_id) == ["and now?", "after all"]
    assert _waiting(chat_system, conversation_id) == 0


@pytest.mark.slow
def test_a_kill_in_the_middle_of_an_answer_holds_up_the_next_message_for_a_lease(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    conversation_id = _begun(chat_user)
    server.behave = silent
    with _at_once(chat_user) as send:
        cut = send("message 1", conversation_id=conversation_id, long_response=False)
        wait_until(lambda: len(server.requests) == 2, what="the request to reach the model")
        chat_system.kill("gateway")
        assert isinstance(cut.exception(), httpx.TransportError)
    wait_until(lambda: _is_up(chat_system), what="the gateway to be back")
    server.behave = reply("after all")
    with _at_once(chat_user) as send:
        waiting = send("message 2", conversation_id=conversation_id)
        wait_until(lambda: _waiting(chat_system, conversation_id) == 2, what="it to stand in line")
        assert _contents(chat_system, conversation_id) == ["message 1"]
        _expire_first(chat_system, conversation_id)
        assert waiting.result().status_code == 200, waiting.result().text
    assert _contents(chat_system, conversation_id) == ["message 1", "message 2", "after all"]


def test_a_reply_whose_turn_expired_is_not_stored(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    conversation_id, gate = _begun(chat_user), threading.Event()

    def behave(answer: Answer, body: Body) -> None:
        if body["messages"][-1]["content"].endswith("1"):
            _expire_first(chat_system, conversation_id)
            wait_for(gate, reply("answer 1"))(answer, body)
        else:
            reply("answer 2")(answer, body)

    server.behave = behave
    with _at_once(chat_user) as send:
        first = send("message 1", conversation_id=conversation_id)
        wait_until(lambda: len(server.requests) == 2, what="the first request to reach the server")
        second = send("message 2", conversation_id=conversation_id).result()
        assert second.status_code == 200, second.text
        gate.set()
        assert (first.result().status_code, first.result().json()["code"]) == (503, "unavailable")
    assert _contents(chat_system, conversation_id) == ["message 1", "message 2", "answer 2"]


@pytest.mark.usefixtures("server")
def test_who_waits_keeps_the_place_and_a_later_one_stays_behind(
    chat_system: LocalSystem, chat_user: UserClient
) -> None:
    conversation_id = _begun(chat_user)
    held = _leave_turn(chat_system, conversation_id)
    with _at_once(chat_user) as send:
        first = send("message 1", conversation_id=conversation_id)
        wait_until(lambda: _waiting(chat_system, conversation_id) == 2, what="the first")
        place = "select lease_until from chat_turns where conversation_id = %s and id > %s"
        began_with = chat_system.value(place, conversation_id, held)
        wait_until(
            lambda: chat_system.value(place, conversation_id, held) > began_with,
            what="the lease of the first to be extended",
        )
        second = send("message 2", conversation_id=conversation_id)
        wait_until(lambda: _waiting(chat_system, conversation_id) == 3, what="the second")
        assert [first.done(), second.done()] == [False, False]
        assert _contents(chat_system, conversation_id) == []
        chat_system.rows("delete from chat_turns where id = %s returning id", held)
        assert {first.result().status_code, second.result().status_code} == {200}
    assert _contents(chat_system, conversation_id)[::2] == ["message 1", "message 2"]
