"""POST /playground-chat with ``Accept: text/event-stream``: the reply is streamed."""

import threading
import time
from itertools import islice

import pytest

from tests.integration.chat.process import ChatProcess
from tests.support.fake_chat_server import FAULTS, Answer, Body, ChatServer, streamed
from tests.support.local_system import TIMEOUT_SECONDS, LocalSystem, UserClient, wait_until
from tests.support.unread_requests import unread_request

pytest_plugins = ["tests.support.chat_fixtures"]

WORDS = ["a ", "large, ", "close ", "window"]


def _stored(system: LocalSystem, person: UserClient) -> list[tuple[str, str]]:
    rows = system.rows(
        "select content, message_type from messages join conversations"
        " on conversations.id = conversation_id where user_id = %s and sender = 'assistant'",
        person.id,
    )
    return [(row["content"], row["message_type"]) for row in rows]


def _turns(system: LocalSystem, person: UserClient) -> int:
    query = (
        "select count(*) from chat_turns join conversations"
        " on conversations.id = conversation_id where user_id = %s"
    )
    return int(system.value(query, person.id))


class Words:
    """A server's behaviour: it streams words, at most ten per second, until the client hangs up."""

    def __init__(self) -> None:
        self.written = 0

    def __call__(self, answer: Answer, _: Body) -> None:
        answer.begin()
        while True:
            answer.chunk("word ")
            self.written += 1
            time.sleep(0.1)


def test_a_reply_is_streamed_and_stored(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    received = threading.Semaphore(0)

    def behave(answer: Answer, _: Body) -> None:
        answer.begin()
        for word in WORDS:
            answer.chunk(word)
            # The next word is sent once the client has received this one.
            if not received.acquire(timeout=TIMEOUT_SECONDS):
                raise TimeoutError("The word did not reach the client.")
        time.sleep(0.1)
        answer.end(tokens=4)

    server.behave = behave
    events_received = []
    with streamed(chat_user, message="how do I light a portrait?") as events:
        for event in events:
            events_received.append(event)
            received.release()
    *deltas, (name, done) = events_received
    assert [one["delta"] for _, one in deltas] == WORDS
    assert {event for event, _ in deltas} == {"message"}
    assert (name, done["success"], done["response"]) == ("done", True, "a large, close window")
    assert {one["conversation_id"] for _, one in events_received} == {done["conversation_id"]}
    assert (done["metadata"]["tokens"], done["metadata"]["finish_reason"]) == (4, "stop")
    assert done["metadata"]["response_time_ms"] >= 100
    assert _stored(chat_system, chat_user) == [("a large, close window", "text")]


def test_a_client_that_goes_away_stops_the_server_and_keeps_what_was_said(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    server.behave = words = Words()
    with streamed(chat_user, message="hello") as events:
        for _ in range(3):
            next(events)
    wait_until(lambda: server.cut == 1, what="the server to notice")
    wait_until(lambda: len(_stored(chat_system, chat_user)) == 1, what="the answer to be stored")
    ((content, message_type),) = _stored(chat_system, chat_user)
    assert (set(content.split()), message_type) == ({"word"}, "text")
    assert 3 <= len(content.split()) <= words.written + 1
    assert _turns(chat_system, chat_user) == 0


def test_a_client_that_goes_away_before_the_whole_stops_the_server_too(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    def is_answer_stored() -> bool:
        """Whether a word had arrived when the client disconnected: exactly that word is stored."""
        server.reset()
        server.behave = words = Words()
        headers = {"authorization": f"Bearer {chat_user.token}"}
        url = f"{chat_user.base}/functions/v1/playground-chat"
        with unread_request(url, {"message": "hello"}, headers):
            wait_until(lambda: words.written >= 3, what="the server to send words")
        wait_until(lambda: server.cut == 1, what="the server to notice")
        wait_until(lambda: _turns(chat_system, chat_user) == 0, what="the turn to end")
        return len(_stored(chat_system, chat_user)) == 1

    wait_until(is_answer_stored, what="an answer of which something was read")


def test_a_client_that_goes_away_before_a_word_leaves_its_message_alone(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    server.behave, _ = FAULTS["dripping nothing"]
    with streamed(chat_user, message="hello"):
        wait_until(lambda: len(server.requests) == 1, what="the request to reach the server")
    wait_until(lambda: server.cut == 1, what="the server to notice")
    wait_until(lambda: _turns(chat_system, chat_user) == 0, what="the turn to end")
    assert _stored(chat_system, chat_user) == []
    assert len(chat_user.rows("messages")) == 1


@pytest.mark.parametrize("fault", ["500", "dripping", "broken off", "error event", "endless text"])
def test_a_server_that_fails_ends_the_stream_with_an_error(
    chat_system: LocalSystem, fault_talker: UserClient, server: ChatServer, fault: str
) -> None:
    chat_user = fault_talker
    server.behave, _ = FAULTS[fault]
    with streamed(chat_user, message="hello") as events:
        *_, (name, payload) = events
    assert (name, payload["success"], payload["code"]) == ("error", False, "unavailable")
    assert payload["error"].startswith("The chat worker")
    (message,) = chat_user.rows("messages")
    assert (message["sender"], message["conversation_id"]) == (
        "user",
        payload["details"][0]["message"],
    )
    assert _turns(chat_system, chat_user) == 0


def test_an_answer_that_is_refused_ends_there_and_the_server_stops(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    def behave(answer: Answer, _: Body) -> None:
        answer.begin()
        for word in ("the ", "celebrity ", "stood ", "n-u", "-d-e"):
            answer.chunk(word)
        answer.wait_for_the_end()

    server.behave = behave
    with streamed(chat_user, message="hello") as events:
        *deltas, (name, payload) = events
    assert "".join(one["delta"] for _, one in deltas) == "the celebrity stood n-u"
    assert (name, payload["code"]) == ("error", "content_refused")
    assert payload["details"][0]["message"] == "sexual_real_person"
    assert _stored(chat_system, chat_user) == [
        ("This reply was refused by the safety rules.", "refusal")
    ]
    wait_until(lambda: server.cut == 1, what="the server to notice")


def test_what_is_wrong_before_the_first_word_is_no_stream(
    chat_user: UserClient, server: ChatServer
) -> None:
    for body, status in (
        ({"message": ""}, 422),
        ({"message": "hi", "conversation_id": chat_user.id}, 404),
        ({"message": "a naked child"}, 422),
    ):
        answer = chat_user.invoke("playground-chat", body, accept="text/event-stream")
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/json"
    assert server.requests == []


def test_the_real_chat_worker_stops_when_the_client_goes_away(
    chat_system: LocalSystem, chat_user: UserClient, tiny: ChatProcess
) -> None:
    pieces: list[str] = []

    def is_stopped() -> bool:
        """Whether the reply was cut off: the model samples randomly and may end earlier."""
        with streamed(chat_user, message="hello", long_response=True) as events:
            pieces[:] = [event["delta"] for name, event in islice(events, 5) if name == "message"]
        tiny.counted(busy=0, waiting=0)
        return bool(tiny.ended()[-1]["finish"] == "gone")

    wait_until(is_stopped, what="a reply to end before its last token")
    begun = "".join(pieces).strip()

    def kept() -> list[str]:
        return [
            content for content, _ in _stored(chat_system, chat_user) if content.startswith(begun)
        ]

    wait_until(lambda: len(kept()) == 1, what="the answer to be stored")
    (content,) = kept()
    assert len(content) < tiny.ended()[-1]["completion_tokens"] + 5
