"""The chat worker's process with several readers: who waits, who leaves, and how it ends.

With temperature 0 the tiny model goes on for long: 1,900 tokens take seconds.
"""

import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.integration.chat.process import ChatProcess, body
from tests.system import System, until
from tests.web import web

LONG: dict[str, Any] = {"temperature": 0, "max_tokens": 1900}


def test_tokens_are_streamed_as_they_come(chat: ChatProcess) -> None:
    with chat.stream(temperature=0, max_tokens=400) as events:
        times = [time.monotonic() for _ in events]
    assert len(times) > 400
    assert times[10] - times[0] < (times[-1] - times[0]) / 2


def test_reader_who_goes_away_ends_the_reply(chat: ChatProcess) -> None:
    with chat.stream(**LONG) as events:
        for _ in range(5):
            next(events)
    chat.counted(busy=0)
    with pytest.raises(httpx.ReadTimeout):
        chat.post(body(**LONG), timeout=0.3)
    chat.counted(busy=0)
    streamed, whole = chat.ended()[-2:]
    assert (streamed["finish"], whole["finish"]) == ("gone", "gone")
    assert streamed["completion_tokens"] < 500
    assert whole["completion_tokens"] < 1000


def test_line_is_short(chat: ChatProcess) -> None:
    with ThreadPoolExecutor(1) as others, chat.stream(**LONG):
        waiting = others.submit(chat.ask, max_tokens=2)
        chat.counted(busy=1, waiting=1)
        refused = chat.ask()
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["code"] == "rate_limit_exceeded"
        assert not waiting.done()
        # The reader of the long reply goes away here, and the one who waits has his turn.
    assert waiting.result().status_code == 200


def test_who_leaves_the_line_leaves_room(chat: ChatProcess) -> None:
    with chat.stream(**LONG):
        for _ in range(3):
            with pytest.raises(httpx.ReadTimeout):
                chat.post(body(), timeout=0.15)
            chat.counted(busy=1, waiting=0)
    assert chat.ask(max_tokens=2).status_code == 200
    assert chat.ended()[-2]["finish"] == "gone", "what nobody waited for was not begun"


def test_health_is_answered_at_once_while_a_reply_is_written(chat: ChatProcess) -> None:
    seconds = []
    with chat.stream(**LONG), httpx.Client(base_url=chat.base) as client:
        for _ in range(40):
            started = time.monotonic()
            assert client.get("/healthz").json() == {"status": "ok"}
            seconds.append(time.monotonic() - started)
        assert chat.info()["busy"] == 1
    assert statistics.median(seconds) < 0.05


def test_worker_registers_itself_for_chat(chat: ChatProcess, bare: System) -> None:
    query = "select worker_type, worker_url, models from workers where id = 'noop'"
    until(lambda: bool(bare.rows(query)), what="the worker to register")
    assert bare.rows(query) == [
        {"worker_type": "chat", "worker_url": chat.base, "models": ["qwen_instruct", "qwen_base"]}
    ]
    bare.rows("delete from workers where id = 'noop' returning id")


def test_told_to_end_it_sends_away_who_waits_and_ends_a_long_reply(chat: ChatProcess) -> None:
    with ThreadPoolExecutor(1) as others, chat.stream(**LONG) as events:
        waiting = others.submit(chat.ask)
        chat.counted(busy=1, waiting=1)
        chat.tell_to_end()
        assert waiting.result().status_code == 503
        assert waiting.result().json()["error"]["code"] == "draining"
        assert web.get(f"{chat.base}/healthz").json() == {"status": "draining"}
        assert chat.ask().status_code == 503
        *_, last = events
        assert json.loads(last)["error"]["code"] == "draining"
    assert chat.stop() == 0
    assert chat.ended()[-1]["finish"] == "draining"
