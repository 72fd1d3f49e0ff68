"""Registration of a worker with the functions."""

from typing import Any

import httpx
import pytest

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime.settings import WorkerSettings
from gpu_workers.runtime.transport import registration
from gpu_workers.runtime.transport.clock import Clock
from gpu_workers.runtime.transport.signed_client import SignedClient
from shared.contracts import webhook_signature

KEY = webhook_signature.new_key()
SETTINGS = WorkerSettings(
    worker_id="gpu-1", worker_key=KEY, functions_url="http://f.test", port=9001, worker_slots=2
)
NOOP = NoopPipeline()


def test_worker_of_one_type_registers_under_its_keys_id() -> None:
    (one,) = registration.requests(SETTINGS, {"sdxl": NOOP})
    assert (one.worker_type, one.worker_id, one.slots) == ("sdxl", "gpu-1", 2)
    assert (one.worker_url, one.models) == ("http://127.0.0.1:9001", ["noop"])


def test_worker_of_several_types_registers_each_under_an_id_of_its_own() -> None:
    requests = registration.requests(SETTINGS, {"sdxl": NOOP, "wan": NOOP, "chat": NOOP})
    assert [one.worker_id for one in requests] == ["gpu-1-sdxl", "gpu-1-wan", "gpu-1-chat"]


async def test_registration_is_tried_until_it_is_accepted_with_the_functions_own_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registration, "FIRST_DELAY", 0.001)
    responses: list[Any] = [httpx.ConnectError("down"), httpx.Response(503), None, None]

    def functions(request: httpx.Request) -> httpx.Response:
        answer = responses.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return httpx.Response(answer.status_code)
        try:
            webhook_signature.verify([KEY], request.headers, request.content, now=86_400)
        except webhook_signature.InvalidSignatureError:
            return httpx.Response(401, headers={"date": "Fri, 02 Jan 1970 00:00:00 GMT"})
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(functions)) as http:
        client = SignedClient(http, SETTINGS, Clock(lambda: 0.0))
        await registration.register(SETTINGS, {"sdxl": NOOP}, client)
    assert not responses
