"""The worker's endpoints: authentication, and their responses."""

import time
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime.jobs.worker import Worker
from gpu_workers.runtime.safety.output_check import Safety
from gpu_workers.runtime.safety.settings import SafetySettings
from gpu_workers.runtime.server.app import application
from gpu_workers.runtime.settings import WorkerSettings
from shared.contracts import webhook_signature
from shared.contracts.worker_protocol import MAX_MESSAGE_BYTES
from shared.contracts.worker_registration import Health

KEY = webhook_signature.new_key()


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    settings = WorkerSettings(worker_id="w", worker_key=KEY, functions_url="http://f", port=1)
    async with httpx.AsyncClient() as http:
        worker = Worker(settings, {"sdxl": NoopPipeline()}, http, Safety(SafetySettings()))
        transport = httpx.ASGITransport(application(worker))
        async with httpx.AsyncClient(transport=transport, base_url="http://w") as client:
            yield client


def signed_headers(
    body: bytes, *, key: str = KEY, worker_id: str = "w", age: int = 0
) -> dict[str, str]:
    timestamp = int(time.time()) - age
    return webhook_signature.sign(
        key, worker_id=worker_id, message_id="msg_1", timestamp=timestamp, body=body
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed_headers(b"{}", key=webhook_signature.new_key()),
        signed_headers(b"{}", worker_id="another"),
        signed_headers(b"{ }"),
        {**signed_headers(b"{}"), "webhook-timestamp": "1e9"},
        {**signed_headers(b"{}"), "webhook-signature": "v1,\u00e9"},
    ],
)
async def test_jobs_refuses_a_message_without_our_signature(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = await client.post("/jobs", content=b"{}", headers=encoded)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(("body", "status"), [(b"{nope", 400), (b"{}", 422), (b"[]", 422)])
async def test_jobs_refuses_what_is_no_job_message_however_old_its_signature(
    client: httpx.AsyncClient, body: bytes, status: int
) -> None:
    answer = await client.post("/jobs", content=body, headers=signed_headers(body, age=100_000))
    assert (answer.status_code, answer.json()["code"]) == (status, "bad_message")


async def test_jobs_refuses_a_body_beyond_what_a_task_can_carry(client: httpx.AsyncClient) -> None:
    answer = await client.post("/jobs", content=b"x" * (MAX_MESSAGE_BYTES + 1))
    assert answer.status_code == 413


async def test_healthz_proves_the_key_where_it_is_challenged(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz", params={"challenge": "a b&c"})
    proof = webhook_signature.challenge_proof(KEY, worker_id="w", challenge="a b&c")
    assert Health.model_validate(answer.json()).proof == proof


async def test_healthz_says_that_the_model_is_still_loading(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "loading"}


async def test_healthz_refuses_an_endless_challenge(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz", params={"challenge": "x" * 201})
    assert answer.status_code == 400


async def test_info_lists_what_runs_without_secrets(client: httpx.AsyncClient) -> None:
    answer = await client.get("/info")
    payload = answer.json()
    assert payload["models"] == {"sdxl": ["noop"]}
    assert (payload["slots"], payload["busy"], payload["waiting"], payload["loaded"]) == (
        1,
        0,
        0,
        False,
    )
    assert KEY not in answer.text


@pytest.mark.parametrize("path", ["/", "/docs", "/debug", "/openapi.json"])
async def test_there_is_no_other_route(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["success"]) == (404, False)
