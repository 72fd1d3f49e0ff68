"""The largest values that a request may contain are stored."""

import json

import pytest
from psycopg.types.json import Jsonb

from shared.contracts.postgres import MAX_FLOAT4, MAX_INT4, MAX_JSON_BYTES, json_size
from shared.contracts.worker_protocol import MAX_ASSETS, MAX_SEED
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import CHECKED_BY, ScriptedWorker

_LONG = "\U0001f600" * 2000


def test_the_largest_asset_is_stored(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    settings = {"a": ""}
    settings["a"] = "é" * ((MAX_JSON_BYTES - json_size(settings)) // 2)
    claim_id, claim = hand_worker.claimed(job)
    (asset,) = hand_worker.upload(claim)
    largest = {
        "width": MAX_INT4,
        "height": MAX_INT4,
        "seed": MAX_SEED + MAX_ASSETS - 1,
        "durationSeconds": MAX_FLOAT4,
        "generationSettings": settings,
    }
    answer = hand_worker.complete(job, claim_id, [{**asset, **largest}])
    assert answer.status_code == 200, answer.text
    stored = person.asset(job)
    assert (stored["width"], stored["height"]) == (MAX_INT4, MAX_INT4)
    assert stored["generation_seed"] == 2**32 + 4
    assert stored["duration_seconds"] == pytest.approx(MAX_FLOAT4)
    assert stored["generation_settings"] == settings


def test_the_largest_heartbeat_is_stored(
    job: str, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, _ = hand_worker.claimed(job)
    for progress in (1e-45, 1e-38, 1.0):
        beat = hand_worker.callback_body(
            job, claim_id, "processing", progress=progress, step=MAX_INT4, steps=MAX_INT4
        )
        answer = hand_worker.send("job-callback", beat)
        assert answer.status_code == 200, answer.text
    (row,) = person.rows("job_progress", job_id=f"eq.{job}")
    assert (row["step"], row["steps"]) == (MAX_INT4, MAX_INT4)


def test_the_longest_refusal_is_stored(
    job: str, bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    claim_id, _ = hand_worker.claimed(job)
    body = hand_worker.callback_body(
        job,
        claim_id,
        "failed",
        errorMessage=_LONG,
        failure={"code": "content_refused", "categories": ["c" * 64] * 8},
        outputCheck={**CHECKED_BY, "name": "n" * 80},
    )
    answer = hand_worker.send("job-callback", body, message_id="m" * 200)
    assert answer.status_code == 200, answer.text
    assert person.rows("jobs", id=f"eq.{job}")[0]["error_message"] == _LONG
    query = "select rule_version from safety_decisions where user_id = %s"
    assert bare.value(query, person.id) == "classifier: " + "n" * 80


def test_the_largest_registration_is_stored(bare: LocalSystem, hand_worker: ScriptedWorker) -> None:
    models = ["\U0001f600" * 200] * 20
    try:
        assert hand_worker.register(slots=1000, models=models).status_code == 200
        assert bare.value("select models from workers where id = 'demo-sdxl'") == models
    finally:
        hand_worker.register(slots=1000)


def test_the_largest_metadata_is_stored(person: UserClient) -> None:
    """Numbers and separators are counted as Postgres writes them, longer than they were sent."""
    values: list[object] = [
        [1] * 5000,
        [-1e-300] * 50,
        {str(n): {} for n in range(1000)},
        "é" * 8000,
        "\\" * 8000,
    ]
    for mine in values:
        answer = person.post_job(mine=mine)
        assert answer.status_code == 202, answer.text
        (row,) = person.rows("jobs", id=f"eq.{answer.json()['job']['id']}")
        assert row["metadata"]["mine"] == mine


def test_a_size_is_what_postgres_writes(bare: LocalSystem) -> None:
    values: list[object] = [1e308, -1e-300, 1.5, 10**40, True, None, 'é"\\\n\x01\x7f', []]
    for value in [*values, {"a": [1, {"b": {}}]}]:
        content = {"x": value, "y": [value]}
        written = bare.value("select octet_length(%s::jsonb::text)", Jsonb(content))
        assert json_size(content) == written, json.dumps(value)
