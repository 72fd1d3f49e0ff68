"""The chat worker's endpoints without a loaded model: which requests are refused, and how."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gpu_workers.chat.app import application
from gpu_workers.chat.worker import ChatWorker
from gpu_workers.runtime.settings import ChatSettings, WorkerSettings
from shared.contracts import webhook_signature
from shared.contracts.worker_registration import Health

KEY = webhook_signature.new_key()
COMPLETIONS = "/v1/chat/completions"
HI = {"messages": [{"role": "user", "content": "hi"}]}


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    known_as = WorkerSettings(worker_id="w", worker_key=KEY, functions_url="http://f", port=1)
    app = application(ChatWorker(ChatSettings(worker_key=KEY)), known_as)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://w") as client:
        yield client


def message(content: object, role: str = "user") -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content}]}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], None),
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": HI["messages"] * 201}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        (message("hi", "tool"), "messages[0].role"),
        (message(None), "messages[0].content"),
        (message(["hi"]), "messages[0].content"),
        (message([{"type": "image_url", "image_url": "x"}]), "messages[0].content"),
        (message([{"type": "text", "text": 1}]), "messages[0].content"),
        (HI | {"n": 2}, "n"),
        (HI | {"n": 0}, "n"),
        (HI | {"max_tokens": 0}, "max_tokens"),
        (HI | {"max_tokens": "5"}, "max_tokens"),
        (HI | {"max_completion_tokens": -1}, "max_completion_tokens"),
        (HI | {"temperature": -0.1}, "temperature"),
        (HI | {"temperature": 2.1}, "temperature"),
        (HI | {"top_p": 1.1}, "top_p"),
        (HI | {"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        (HI | {"stop": ""}, "stop[0]"),
        (HI | {"stop": 1}, "stop"),
        (HI | {"seed": 2**63}, "seed"),
        (HI | {"seed": True}, "seed"),
        (HI | {"stream": "yes"}, "stream"),
        (HI | {"stream_options": []}, "stream_options"),
    ],
)
async def test_unusable_request_is_400_and_names_the_field(
    client: httpx.AsyncClient, body: object, param: str | None
) -> None:
    answer = await client.post(COMPLETIONS, json=body)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert error["message"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"messages": "\\ud800"}', b"[" * 100_000, json.dumps(HI)[:-1].encode()],
)
async def test_what_is_no_json_is_400(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(COMPLETIONS, content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")


async def test_refusal_repeats_nothing_of_the_request(client: httpx.AsyncClient) -> None:
    answer = await client.post(COMPLETIONS, json=HI | {"stop": 1, "seed": "private words"})
    assert "private" not in answer.text


async def test_body_over_a_mebibyte_is_413(client: httpx.AsyncClient) -> None:
    answer = await client.post(COMPLETIONS, json=message("x" * 1024 * 1024))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


async def test_unknown_model_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.post(COMPLETIONS, json=HI | {"model": "gpt-4o"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (404, "model_not_found", "model")


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"model": "qwen_base"},
        {"model": "qwen_instruct", "user": "somebody", "logit_bias": {"1": 2}, "x": [1]},
        {"n": 1, "stop": None, "seed": None, "stream": None, "temperature": None, "top_p": None},
        {"max_tokens": None, "max_completion_tokens": None, "stream_options": None, "model": None},
        {"temperature": 0, "top_p": 0, "seed": -(2**63), "stop": ["a"] * 4},
    ],
)
async def test_usable_request_waits_for_the_model_without_a_key_on_loopback(
    client: httpx.AsyncClient, more: dict[str, Any]
) -> None:
    answer = await client.post(COMPLETIONS, json=HI | more)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "loading")
    assert answer.headers["retry-after"] == "1"


async def test_healthz_proves_the_key_where_it_is_challenged(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "loading"}
    answer = await client.get("/healthz", params={"challenge": "a b&c"})
    proof = webhook_signature.challenge_proof(KEY, worker_id="w", challenge="a b&c")
    assert Health.model_validate(answer.json()).proof == proof
    assert (await client.get("/healthz", params={"challenge": "x" * 201})).status_code == 400


async def test_an_unknown_worker_proves_nothing() -> None:
    transport = httpx.ASGITransport(application(ChatWorker(ChatSettings()), None))
    async with httpx.AsyncClient(transport=transport, base_url="http://w") as client:
        answer = await client.get("/healthz", params={"challenge": "a"})
    assert answer.json() == {"status": "loading"}


async def test_info_lists_what_runs_without_secrets(client: httpx.AsyncClient) -> None:
    answer = await client.get("/info")
    payload = answer.json()
    assert payload["models"] == {"chat": ["qwen_instruct", "qwen_base"]}
    assert set(payload["runs"].values()) == {"tiny-random-qwen3"}
    assert (payload["busy"], payload["waiting"], payload["loaded"]) == (0, 0, False)
    assert KEY not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/docs", 404), ("POST", "/jobs", 404), ("GET", COMPLETIONS, 405)],
)
async def test_there_is_no_other_route(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == "invalid_request_error"
