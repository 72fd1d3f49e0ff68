"""Replies of the chat worker, over a scripted model that emits tokens when the test says so."""

import asyncio
import queue
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import httpx
import pytest
import pytest_asyncio

from gpu_workers.chat import served_models
from gpu_workers.chat.app import application
from gpu_workers.chat.errors import ApiError
from gpu_workers.chat.generation import Generation
from gpu_workers.chat.requests import ChatRequest, Message
from gpu_workers.chat.sampling import Sampling
from gpu_workers.chat.worker import ChatWorker
from gpu_workers.runtime.settings import ChatSettings
from tests.support.local_system import TIMEOUT_SECONDS
from tests.unit.worker_fixtures import until

if TYPE_CHECKING:
    from gpu_workers.chat.model import Model

END = 256


class Scripted:
    """A model whose tokens are bytes, each emitted when the test provides it."""

    context = 1000
    ends = frozenset({END})

    def __init__(self) -> None:
        self.made = 0
        self.begun = 0
        """Tokens that were started; the last may still wait for the test."""
        self._script: queue.Queue[int | Exception] = queue.Queue()

    def say(self, text: str | bytes, *more: int | Exception) -> None:
        for one in (*(text.encode() if isinstance(text, str) else text), *more):
            self._script.put(one)

    def conversation(self, messages: Sequence[Message]) -> list[int]:
        if messages[0].content == "private words":
            raise ValueError(messages[0].content)
        return [0]

    def plain(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, tokens: Sequence[int]) -> str:
        return bytes(tokens).decode(errors="replace")

    def generate(self, _prompt: list[int], how: Sampling, on_token: Callable[[int], bool]) -> None:
        for _ in range(how.max_tokens):
            self.begun += 1
            token = self._script.get(timeout=TIMEOUT_SECONDS)
            if isinstance(token, Exception):
                raise token
            self.made += 1
            if on_token(token):
                return


@pytest.fixture
def model() -> Scripted:
    return Scripted()


@asynccontextmanager
async def loaded(scripted: Scripted, *, drain_seconds: float) -> AsyncIterator[ChatWorker]:
    model = cast("Model", scripted)
    worker = ChatWorker(
        ChatSettings(drain_seconds=drain_seconds), lambda _: served_models.build(model, model)
    )
    await worker.load()
    yield worker
    await until(lambda: (worker.busy, worker.waiting) == (0, 0), what="every reply to end")


@pytest_asyncio.fixture
async def worker(model: Scripted) -> AsyncIterator[ChatWorker]:
    """A worker that waits for its replies when it drains."""
    async with loaded(model, drain_seconds=TIMEOUT_SECONDS) as worker:
        yield worker


async def begun(
    worker: ChatWorker, name: str | None = None, content: str = "hi", **more: object
) -> Generation:
    request = ChatRequest.model_validate(
        {"messages": [{"role": "user", "content": content}], **more}
    )
    return await worker.begin(worker.voice(name), request)


async def generated_text(reply: Generation) -> list[str]:
    return [piece async for piece in reply.pieces()]


async def test_character_of_several_tokens_comes_whole(worker: ChatWorker, model: Scripted) -> None:
    model.say("é👩日.", END)
    reply = await begun(worker)
    assert await generated_text(reply) == ["é", "👩", "日", "."]
    assert (reply.finish, reply.usage.completion) == ("stop", 2 + 4 + 3 + 1 + 1)


async def test_incomplete_character_is_not_sent(worker: ChatWorker, model: Scripted) -> None:
    model.say("a日")
    reply = await begun(worker, max_tokens=3)
    assert await generated_text(reply) == ["a"]
    assert reply.finish == "length"


async def test_beginning_of_a_stop_text_is_sent_once_it_cannot_be_one(
    worker: ChatWorker, model: Scripted
) -> None:
    model.say("a##b#", END)
    assert await generated_text(await begun(worker, stop="###")) == ["a", "##b", "#"]


async def test_base_model_does_not_go_on_with_the_next_turn(
    worker: ChatWorker, model: Scripted
) -> None:
    model.say(" ho\nUser:")
    assert "".join(await generated_text(await begun(worker, served_models.BASE))) == " ho"
    model.say(" ho\nUser:", END)
    assert (
        "".join(await generated_text(await begun(worker, served_models.INSTRUCT))) == " ho\nUser:"
    )


async def test_reply_without_a_reader_ends_with_its_next_token(
    worker: ChatWorker, model: Scripted
) -> None:
    model.say("a")
    reply = await begun(worker)
    assert await anext(reply.pieces()) == "a"
    worker.give_up(reply)
    model.say("bcd")
    await generated_text(reply)
    assert model.made <= 2


async def test_who_leaves_the_line_is_passed_over(worker: ChatWorker, model: Scripted) -> None:
    first, second, third = [await begun(worker) for _ in range(3)]
    worker.give_up(second)
    await until(lambda: (worker.busy, worker.waiting) == (1, 1), what="the second to leave")
    model.say("a", END)
    model.say("b", END)
    assert [await generated_text(one) for one in (first, second, third)] == [["a"], [], ["b"]]


async def test_draining_lets_a_reply_end_and_sends_the_next_away(
    worker: ChatWorker, model: Scripted
) -> None:
    running, waiting = await begun(worker), await begun(worker)
    model.say("a")
    await until(lambda: (worker.busy, worker.waiting) == (1, 1), what="the first to begin")
    draining = asyncio.create_task(worker.drain())
    with pytest.raises(ApiError) as sent_away:
        await generated_text(waiting)
    assert sent_away.value.status == 503
    with pytest.raises(ApiError):
        await begun(worker)
    model.say("b", END)
    assert await generated_text(running) == ["a", "b"]
    await draining


async def test_a_draining_worker_says_so_and_refuses_new_requests(
    worker: ChatWorker, model: Scripted
) -> None:
    running = await begun(worker)
    await until(lambda: worker.busy == 1, what="the reply to begin")
    draining = asyncio.create_task(worker.drain())
    await until(lambda: worker.draining, what="the worker to drain")
    transport = httpx.ASGITransport(application(worker, None))
    async with httpx.AsyncClient(transport=transport, base_url="http://w") as client:
        assert (await client.get("/healthz")).json() == {"status": "draining"}
        content = {"messages": [{"role": "user", "content": "hi"}]}
        refused = await client.post("/v1/chat/completions", json=content)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "draining")
    model.say("a", END)
    assert await generated_text(running) == ["a"]
    await draining


async def test_draining_ends_a_reply_that_takes_too_long(model: Scripted) -> None:
    model.say("a")
    async with loaded(model, drain_seconds=0) as worker:
        reply = await begun(worker)
        assert await anext(reply.pieces()) == "a"
        await until(lambda: model.begun == 2, what="the second token to begin")
        draining = asyncio.create_task(worker.drain())
        await until(lambda: reply.stop_reason == "draining", what="the time to drain to pass")
        model.say("bcd")
        with pytest.raises(ApiError) as cut:
            await generated_text(reply)
        await draining
    assert cut.value.body["error"]["code"] == "draining"
    assert model.made == 2


async def test_reply_that_breaks_is_500_and_the_next_is_none_the_worse(
    worker: ChatWorker, model: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    model.say("", ValueError("private words"))
    model.say("a", END)
    broken, next_one = await begun(worker), await begun(worker)
    with pytest.raises(ApiError) as ended:
        await generated_text(broken)
    assert ended.value.status == 500
    assert await generated_text(next_one) == ["a"]
    with pytest.raises(ApiError) as unread:
        await begun(worker, content="private words")
    assert unread.value.status == 500
    logged = capsys.readouterr().out
    assert logged.count('"error": "ValueError"') == 2
    assert "private words" not in logged
