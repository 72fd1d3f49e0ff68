"""The chat worker's process with several clients: queueing, disconnects and shutdown.

With temperature 0 the tiny model writes a long reply: 1,900 tokens take seconds. A test that needs
a reply in progress checks that it was, and tries again where the reply had ended before.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from infra.local.config import keys
from tests.integration.chat.conftest import KEY
from tests.integration.chat.process import ChatProcess, body
from tests.support.http import web
from tests.support.local_system import LocalSystem, wait_until
from tests.support.unread_requests import unread_request

LONG: dict[str, Any] = {"temperature": 0, "max_tokens": 1900}
T = TypeVar("T")


def _during_a_long_reply(chat: ChatProcess, act: Callable[[Callable[[], bool]], T]) -> T:
    """Return the result of ``act``, called while a long reply is being written.

    It is called again where the reply ended before ``act`` did. It is passed a function that
    returns whether the reply has ended, so that it does not wait for what can no longer happen.
    """
    results: list[T] = []

    def is_done_in_time() -> bool:
        chat.counted(busy=0, waiting=0)
        before = len(chat.ended())
        with chat.stream(**LONG):
            result = act(lambda: len(chat.ended()) > before)
            is_in_time = len(chat.ended()) == before
        chat.counted(busy=0, waiting=0)
        if is_in_time:
            results.append(result)
        return is_in_time

    wait_until(is_done_in_time, what="an act within a long reply")
    return results[0]


def test_tokens_are_streamed_as_they_come(chat: ChatProcess) -> None:
    with chat.stream(temperature=0, max_tokens=400) as events:
        assert len(list(events)) > 400

    def is_read_before_the_end() -> bool:
        """Whether a reply, whose client left after ten tokens, ended before its last token."""
        with chat.stream(**LONG) as events:
            for _ in range(10):
                next(events)
        chat.counted(busy=0)
        return bool(chat.ended()[-1]["completion_tokens"] < LONG["max_tokens"])

    wait_until(is_read_before_the_end, what="tokens of a reply that is being written")


def test_reader_who_goes_away_ends_a_stream(chat: ChatProcess) -> None:
    def is_given_up() -> bool:
        with chat.stream(**LONG) as events:
            for _ in range(5):
                next(events)
        chat.counted(busy=0)
        return bool(chat.ended()[-1]["finish"] == "gone")

    wait_until(is_given_up, what="a stream to end before its last token")
    assert chat.ended()[-1]["completion_tokens"] < LONG["max_tokens"]


def test_reader_who_goes_away_ends_a_whole_reply(chat: ChatProcess) -> None:
    def is_given_up() -> bool:
        before = len(chat.ended())

        def is_begun() -> bool:
            return chat.info()["busy"] == 1 or len(chat.ended()) > before

        with unread_request(chat.completions, body(**LONG), chat.headers):
            wait_until(is_begun, what="the reply to begin")
        chat.counted(busy=0)
        return bool(chat.ended()[-1]["finish"] == "gone")

    wait_until(is_given_up, what="a reply to end before its last token")
    assert chat.ended()[-1]["completion_tokens"] < LONG["max_tokens"]


def test_line_is_short(chat: ChatProcess) -> None:
    with ThreadPoolExecutor(20) as others:

        def ask_two(has_ended: Callable[[], bool]) -> Any:  # noqa: ANN401 - a tuple
            waiting = others.submit(chat.ask, max_tokens=2)
            wait_until(lambda: chat.info()["waiting"] == 1 or has_ended(), what="the first to wait")
            return waiting, chat.ask(), waiting.done()

        waiting, refused, is_answered = _during_a_long_reply(chat, ask_two)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["code"] == "rate_limit_exceeded"
        assert not is_answered
        # The client of the long reply has left, so the queued request got the slot.
        assert waiting.result().status_code == 200


def test_who_leaves_the_line_leaves_room(chat: ChatProcess) -> None:
    def wait_and_leave(has_ended: Callable[[], bool]) -> int:
        before = len(chat.ended())
        for _ in range(3):
            with unread_request(chat.completions, body(), chat.headers):
                wait_until(lambda: chat.info()["waiting"] == 1 or has_ended(), what="it to wait")
            wait_until(lambda: chat.info()["waiting"] == 0 or has_ended(), what="it to leave")
        return before

    before = _during_a_long_reply(chat, wait_and_leave)
    assert chat.ask(max_tokens=2).status_code == 200
    assert len(chat.ended()) == before + 2, "a reply began for a client that had left the queue"


def test_health_is_answered_while_a_reply_is_written(chat: ChatProcess) -> None:
    def ask_ten_times(_: Callable[[], bool]) -> list[object]:
        return [web.get(f"{chat.base}/healthz").json() for _ in range(10)]

    assert _during_a_long_reply(chat, ask_ten_times) == [{"status": "ok"}] * 10


def test_worker_registers_itself_for_chat(tmp_path: Path, bare: LocalSystem) -> None:
    query = "select worker_type, worker_url, models from workers where id = 'noop'"
    process = ChatProcess(
        tmp_path,
        WORKER_ID="noop",
        WORKER_KEY=keys.worker_key("noop"),
        FUNCTIONS_URL=f"{bare.base}/functions/v1",
    )
    try:
        wait_until(lambda: bool(bare.rows(query)), what="the worker to register")
        assert bare.rows(query) == [
            {
                "worker_type": "chat",
                "worker_url": process.base,
                "models": ["qwen_instruct", "qwen_base"],
            }
        ]
    finally:
        bare.rows("delete from workers where id = 'noop' returning id")
        assert process.stop() == 0


def test_termination_refuses_waiting_requests_and_ends_a_long_reply(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    def is_cut() -> bool:
        folder = tmp_path_factory.mktemp("ending")
        chat = ChatProcess(folder, CHAT_API_KEY=KEY, CHAT_QUEUE_SIZE="1", DRAIN_SECONDS="0")
        with ThreadPoolExecutor(1) as others, chat.stream(**LONG) as events:
            waiting = others.submit(chat.ask)
            wait_until(
                lambda: chat.info()["waiting"] == 1 or bool(chat.ended()), what="another to wait"
            )
            chat.tell_to_end()
            answer = waiting.result()
            *_, last = events
        assert chat.stop() == 0
        if chat.ended()[0]["finish"] != "draining":
            return False  # the long reply had ended before
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "draining"
        assert json.loads(last)["error"]["code"] == "draining"
        return True

    wait_until(is_cut, what="a long reply to be cut short")
