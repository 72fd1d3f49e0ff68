"""Values that Postgres cannot store: each is refused, and none causes a server error."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.security import concurrency
from tests.security.other_user import other_user
from tests.security.poisoned_manifests import MANIFESTS, poisoned_jobs
from tests.security.running_jobs import Victim, signed_callback, state, victims
from tests.security.tally import Corpora, Tally
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker, upload_manifest_only

Sweep = Callable[[], dict[str, Any]]

_LARGE = "9" * 5000
"""A number of more than 4,300 digits is refused as invalid JSON."""

_INTEGERS = [str(2**31), str(-(2**31) - 1), str(2**63), str(2**64), str(-(2**63) - 1), "9" * 4000]
_REALS = ["1e39", "1e-50", "1e308", "1e999", "-1e999", "NaN", "Infinity", "-Infinity"]
_TEXTS = [r'"\u0000"', r'"a\u0000b"', r'"\ud800"', r'"a\udfffb"', r'"\ud800\u0000"']
_JSON = [
    *(f'{{"a": {value}}}' for value in (*_TEXTS, "NaN", "Infinity", "-Infinity", "1e999")),
    *(f'{{"a": [{{"b": [{value}]}}]}}' for value in (*_TEXTS, "NaN", "1e999")),
    *(f"{{{text}: 1}}" for text in _TEXTS),
    *(f'{{"a": [{{{text}: 1}}]}}' for text in _TEXTS),
    '{"a": [' + ",".join(["1e308"] * 1000) + "]}",
    f'{{"a": {_LARGE}}}',
]

_CALLBACKS: list[tuple[str, str, list[str]]] = [
    ("claim", "dispatchNo", _INTEGERS),
    ("heartbeat", "step", _INTEGERS),
    ("heartbeat", "steps", _INTEGERS),
    ("heartbeat", "progress", _REALS),
    ("completed", "results.assets.0.width", [*_INTEGERS, "0"]),
    ("completed", "results.assets.0.height", [*_INTEGERS, "0"]),
    ("completed", "results.assets.0.seed", [*_INTEGERS[2:], str(2**32 + 5), "-1"]),
    ("completed", "results.assets.0.fileSizeBytes", [*_INTEGERS[2:], "0"]),
    ("completed", "results.assets.0.assetIndex", _INTEGERS),
    ("completed", "results.assets.0.durationSeconds", [*_REALS, "0"]),
    ("completed", "results.assets.0.generationSettings", _JSON),
    ("completed", "results.assets.0.mimeType", _TEXTS),
    ("completed", "results.assets.0.tempStoragePath", _TEXTS),
    ("completed", "results.assets.0.thumbnailPath", _TEXTS),
    ("completed", "results.assets.0.crc32c", _TEXTS),
    ("completed", "outputCheck.name", [*_TEXTS, json.dumps("é" * 80)]),
    ("completed", "metadata", _JSON),
    ("failed", "errorMessage", _TEXTS),
    ("failed", "failure.code", _TEXTS),
    ("failed", "failure.categories", [f"[{text}]" for text in _TEXTS]),
    ("failed", "jobId", _TEXTS),
    ("failed", "claimId", _TEXTS),
]
"""A kind of callback, a field of it, and the field's values, as JSON."""

_REGISTRATION: list[tuple[str, list[str]]] = [
    ("slots", [*_INTEGERS, "0"]),
    ("models", [f"[{text}]" for text in _TEXTS]),
    ("worker_url", _TEXTS),
    ("worker_id", _TEXTS),
    ("worker_type", _TEXTS),
]


def _poisoned(body: dict[str, Any], field: str, value: str) -> bytes:
    """Return the body as JSON with this value at the field's path."""
    content: Any = json.loads(json.dumps(body))
    *path, last = field.split(".")
    parent = content
    for name in path:
        parent = parent[int(name)] if isinstance(parent, list) else parent.setdefault(name, {})
    parent[int(last) if isinstance(parent, list) else last] = "POISON"
    return json.dumps(content).replace('"POISON"', value).encode()


def _count(tally: Tally, what: str, field: str, value: str, response: httpx.Response) -> None:
    """Count a refusal: 422 naming the field, or 400 for invalid JSON."""
    is_json = r"\ud" not in value and _LARGE not in value
    tally.answered(what, response, {422 if is_json else 400})
    if response.status_code == 422:
        fields = [detail["field"] for detail in response.json()["details"]]
        is_named = any(name == field or name.startswith(f"{field}.") for name in fields)
        tally.refused(f"{what}: reports {fields}", is_refused=is_named)


def test_no_callback_with_a_value_that_postgres_cannot_store(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    attempts = [(kind, field, value) for kind, field, values in _CALLBACKS for value in values]
    with victims(bare, hand_worker, people=1, jobs=1) as (target,), other_user(bare, tally):
        before = state(bare, [target])

        def send(client: httpx.Client, attempt: tuple[str, str, str]) -> None:
            kind, field, value = attempt
            response = _send(client, bare, hand_worker, target, attempt)
            _count(tally, f"{kind}: {field}: {value[:40]}", field, value, response)

        concurrency.each(corpora.some(attempts, short=60), send)
        tally.refused("the job has changed", is_refused=state(bare, [target]) == before)


def _send(
    client: httpx.Client,
    system: LocalSystem,
    worker: ScriptedWorker,
    target: Victim,
    attempt: tuple[str, str, str],
) -> httpx.Response:
    kind, field, value = attempt
    callback = signed_callback(_poisoned(target.bodies()[kind], field, value), worker.key)
    headers = {"content-type": "application/json", **callback.headers}
    url = f"{system.base}/functions/v1/job-callback"
    return client.post(url, content=callback.body, headers=headers)


def test_no_registration_with_a_value_that_postgres_cannot_store(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    body = {
        "worker_type": "sdxl",
        "worker_url": hand_worker.url,
        "worker_id": "demo-sdxl",
        "models": [],
        "slots": 1000,
    }
    attempts = [(field, value) for field, values in _REGISTRATION for value in values]
    row = "select to_jsonb(workers) - 'last_seen' from workers where id = 'demo-sdxl'"
    before = bare.value(row)
    with other_user(bare, tally), httpx.Client(trust_env=False) as client:
        for field, value in corpora.some(attempts, short=20):
            for function in ("update-worker-url", "register-chat-worker"):
                if function == "register-chat-worker" and field == "worker_type":
                    continue
                callback = signed_callback(_poisoned(body, field, value), hand_worker.key)
                response = client.post(
                    f"{bare.base}/functions/v1/{function}",
                    content=callback.body,
                    headers={"content-type": "application/json", **callback.headers},
                )
                _count(tally, f"{function}: {field}: {value[:40]}", field, value, response)
    tally.refused("the worker has changed", is_refused=bare.value(row) == before)


_MAX_SWEEPS = 6
"""A sweep checks 500 claims, and on a slow machine may not have time for all of them."""

_ID = "00000000-0000-4000-8000-000000000000"
_REQUESTS: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "queue-job",
        {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat", "mine": "x"}},
        [
            *("jobType", "metadata.prompt", "metadata.negative_prompt", "metadata.mine"),
            *("metadata.bucket", "metadata.queue", "metadata.credits", "metadata.session_name"),
            *("metadata.seed", "metadata.steps", "metadata.guidance_scale", "metadata.num_images"),
            *("metadata.reference_strength", "metadata.enhanced_prompt", "metadata.aspect_ratio"),
            *("referenceImageUrl", "startReferenceImageUrl", "projectId"),
        ],
    ),
    ("enhance-prompt", {"prompt": "a boat"}, ["prompt", "model_type", "use_case"]),
    ("playground-chat", {"message": "hello"}, ["message", "conversation_id", "model_type"]),
    (
        "validate-enhancement-fix",
        {"original_prompt": "a boat", "enhanced_prompt": "a boat", "test_cases": ["token limit"]},
        ["original_prompt", "enhanced_prompt", "test_cases.0"],
    ),
    (
        "generate-admin-image",
        {"prompt": "a boat", "model_type": "sdxl", "quality": "fast"},
        ["prompt", "model_type"],
    ),
    *(
        ("workspace-actions", {"action": action, **more}, fields)
        for action, more, fields in (
            ("create_collection", {"name": "Boats"}, ["name", "description", "action"]),
            ("save_to_library", {"assetId": _ID}, ["assetId", "customTitle", "tags"]),
            ("update_library_asset", {"libraryAssetId": _ID, "tags": ["x"]}, ["tags.0"]),
            ("retry_job", {"jobId": _ID}, ["jobId"]),
        )
    ),
    ("get-active-worker-url", {"worker_type": "sdxl"}, ["worker_type"]),
    ("storage/object/list/workspace-temp", {"prefix": ""}, ["prefix", "search", "limit", "offset"]),
    ("storage/object/sign/workspace-temp", {"expiresIn": 60, "paths": ["x"]}, ["expiresIn"]),
]
_UNSTORABLE = [*_TEXTS, "NaN", "Infinity", "1e999", *_JSON[:9], r'["\u0000"]']


def test_no_request_with_a_value_that_postgres_cannot_store(
    bare: LocalSystem, corpora: Corpora, tally: Tally
) -> None:
    """The sender may use every endpoint; a refused request inserts no row."""
    admin = UserClient(bare, is_admin=True)
    headers = {"authorization": f"Bearer {admin.token}", "content-type": "application/json"}
    attempts = [
        (function, body, field, value)
        for function, body, fields in _REQUESTS
        for field in fields
        for value in _UNSTORABLE
    ]

    def send(client: httpx.Client, attempt: tuple[str, dict[str, Any], str, str]) -> None:
        function, body, field, value = attempt
        url = f"{bare.base}/functions/v1/{function}"
        content = _poisoned(body, field, value)
        response = client.post(url, content=content, headers=headers)
        # An object name that cannot exist is treated as a missing object.
        may = {400, 422, 200} if function.startswith("storage/object/list") else {400, 422}
        tally.answered(f"{function}: {field}: {value[:40]}", response, may)

    with other_user(bare, tally):
        concurrency.each(corpora.some(attempts, short=100), send)
    rows = bare.value("select count(*) from jobs where user_id = %s", admin.id)
    tally.refused(f"{rows} jobs", is_refused=rows == 0)


@pytest.mark.parametrize("is_past_deadline", [False, True], ids=["within", "past"])
def test_no_manifest_stops_the_sweep(
    bare: LocalSystem,
    person: UserClient,
    hand_worker: ScriptedWorker,
    sweep: Sweep,
    corpora: Corpora,
    tally: Tally,
    *,
    is_past_deadline: bool,
) -> None:
    """More poisoned manifests than one sweep checks, each older than the one valid manifest."""
    count = corpora.size(501, short=len(MANIFESTS))
    names = [MANIFESTS[n % len(MANIFESTS)] for n in range(count)]
    poisoned = poisoned_jobs(bare, hand_worker, names, is_past_deadline=is_past_deadline)
    job_id = person.create_job()
    claim_id, claim = hand_worker.claimed(job_id)
    upload_manifest_only(hand_worker, job_id, claim_id, claim, key=hand_worker.key)
    hand_worker.expire_lease(job_id)
    with other_user(bare, tally):
        for _ in range(_MAX_SWEEPS):
            swept = sweep()
            if poisoned.count("processing") == 0 and person.status(job_id) == "completed":
                break
    tally.refused("the good job waits", is_refused=person.status(job_id) == "completed")
    tally.refused(f"not done: {swept['not_done']}", is_refused=swept["not_done"] == [])
    end = ("failed", ["refund", "reserve"]) if is_past_deadline else ("queued", ["reserve"])
    for name, status, kinds in poisoned.outcomes():
        message = f"{name}: {status}, {kinds}"
        tally.refused(message, is_refused=(status, sorted(kinds)) == end)
    poisoned.end()
