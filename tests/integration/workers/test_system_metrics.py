"""system-metrics: the specification's shape, with the values of the database."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from infra.local.config import tokens
from tests.conftest import settle
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

LONG = "video7b_high_enhanced"
"""The job type of the catalogue with the longest expected time: 240 s."""

JOBS = 1000
STATES = ["waiting", "waiting", "dispatched", "processing", "completed", "failed", "cancelled"]
QUEUES = ["sdxl_queue", "wan_queue"]
TYPES = ["sdxl_image_fast", LONG]

INSERT = """
    insert into jobs (user_id, job_type, queue, model_variant, format, quality, original_prompt,
        credits, parameters, status, dispatched_at, claim_by, claim_id, lease_until, started_at,
        completed_at, created_at, attempts)
    select (%(users)s::uuid[])[1 + n %% 40],
        (%(types)s::text[])[1 + n / 7 %% 2], (%(queues)s::text[])[1 + n / 7 %% 2],
        'none', 'image', 'fast', 'a red star', 0, '{}',
        case when state in ('waiting', 'dispatched') then 'queued' else state end,
        case when state in ('dispatched', 'processing') then now() end,
        case when state = 'dispatched' then now() + interval '1 hour' end,
        case when state = 'processing' then gen_random_uuid() end,
        case when state = 'processing' then now() + interval '1 hour' end,
        case when state = 'processing' then now() end,
        case when state in ('completed', 'failed', 'cancelled') then now() end,
        now() - n * interval '1 s', 2
    from generate_series(1, %(jobs)s) as n
    cross join lateral (select (%(states)s::text[])[1 + n %% 7] as state) as chosen
"""
END = """
    update jobs set status = 'cancelled', completed_at = now(), lease_until = null
    where user_id = any(%s) and status in ('queued', 'processing') returning id
"""
MEASURED = """
    insert into jobs (user_id, job_type, queue, model_variant, format, quality, original_prompt,
        credits, parameters, status, attempts, started_at, completed_at, num_images)
    select %s, %s, 'wan_queue', 'none', 'video', 'high', 'a red star', 0, '{}', 'completed', 1,
        now() - interval '1 minute', now() - interval '1 minute' + seconds * interval '1 s', 1
    from unnest(%s::integer[]) as seconds
    returning id
"""

WAITING = """
    insert into jobs (user_id, job_type, queue, model_variant, format, quality, original_prompt,
        credits, parameters)
    select %s, %s, 'wan_queue', 'none', 'video', 'high', 'a red star', 0, '{}'
    from generate_series(1, %s)
    returning id
"""

Insert = Callable[..., None]


@pytest.fixture(scope="module")
def admin(bare: LocalSystem) -> UserClient:
    return UserClient(bare, is_admin=True)


@pytest.fixture
def workers(bare: LocalSystem) -> Iterator[Insert]:
    """Insert workers; no other workers and no jobs of other tests are present."""
    settle(bare)
    others = [
        row["id"]
        for row in bare.rows("update workers set is_active = false where is_active returning id")
    ]

    def insert(name: str, worker_type: str, **columns: object) -> None:
        row = {
            "id": f"metrics-{name}",
            "worker_type": worker_type,
            "worker_url": "http://127.0.0.1:9",
            "key_id": "noop",
            **columns,
        }
        values = ", ".join(["%s"] * len(row))
        bare.rows(
            f"insert into workers ({', '.join(row)}) values ({values}) returning id", *row.values()
        )

    yield insert
    bare.rows("delete from workers where id like 'metrics-%%' returning id")
    bare.rows("update workers set is_active = true where id = any(%s) returning id", others)


def _metrics(admin: UserClient) -> dict[str, Any]:
    answer = admin.invoke("system-metrics", {})
    assert answer.status_code == 200, answer.text
    payload: dict[str, Any] = answer.json()
    return payload


def _likely(admin: UserClient) -> float:
    return float(_metrics(admin)["etaSeconds"]["wan"]["likely"])


def test_the_shape_is_the_specifications(admin: UserClient, workers: Insert) -> None:
    seen = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    workers("chat", "chat", response_ms=120, last_seen=seen)
    workers("ill", "wan", health="unhealthy", slots=2)
    workers("gone", "sdxl", is_active=False)
    payload = _metrics(admin)
    assert {"timestamp", "workers", "queues", "etaEstimates"} <= payload.keys()
    late = datetime.now(UTC) - datetime.fromisoformat(payload["timestamp"])
    assert abs(late.total_seconds()) < 60
    assert payload["workers"]["chat"] == [
        {
            "status": "healthy",
            "responseTime": 120,
            "lastChecked": "2026-01-02T03:04:05Z",
            "workerId": "metrics-chat",
            "slots": 1,
            "jobs": 0,
        }
    ]
    (ill,) = payload["workers"]["wan"]
    assert (ill["status"], ill["responseTime"], ill["slots"]) == ("unhealthy", None, 2)
    assert payload["workers"]["sdxl"] == []
    assert payload["queues"].keys() == {"sdxl_queue", "wan_queue"}
    assert payload["etaEstimates"].keys() == payload["etaSeconds"].keys() == {"sdxl", "wan"}


def test_without_a_worker_the_wait_is_unknown(admin: UserClient, workers: Insert) -> None:
    workers("ill", "wan", health="unhealthy")
    workers("without-a-key", "sdxl", key_id="withdrawn")
    payload = _metrics(admin)
    assert payload["etaSeconds"] == {"sdxl": None, "wan": None}
    assert payload["etaEstimates"] == {"sdxl": "> 10 mins", "wan": "> 10 mins"}


@pytest.fixture
def thousand(bare: LocalSystem) -> Iterator[None]:
    """A thousand jobs in every state, of forty users, besides those of other tests."""
    users = [uuid4() for _ in range(40)]
    values = {"users": users, "queues": QUEUES, "states": STATES, "jobs": JOBS, "types": TYPES}
    with bare.database() as connection:
        connection.execute(INSERT.encode(), values)
    yield
    bare.rows(END, users)


@pytest.mark.usefixtures("thousand")
def test_it_agrees_with_the_database_to_the_job(bare: LocalSystem, admin: UserClient) -> None:
    began = time.monotonic()
    payload = _metrics(admin)
    open_jobs = bare.rows(
        "select queue, count(*) as depth,"
        " count(*) filter (where status = 'queued' and dispatched_at is null) as waiting,"
        " count(*) filter (where status = 'queued' and dispatched_at is not null) as dispatched,"
        " count(*) filter (where status = 'processing') as running,"
        " extract(epoch from now() - min(created_at)"
        "   filter (where status = 'queued' and dispatched_at is null)) as oldest"
        " from jobs where status in ('queued', 'processing') group by queue"
    )
    assert {row["queue"] for row in open_jobs} == set(QUEUES)
    for row in open_jobs:
        details = payload["queueDetails"][row["queue"]]
        assert payload["queues"][row["queue"]] == row["depth"]
        for part in ("waiting", "dispatched", "running"):
            assert details[part] == row[part] > 0
        took = time.monotonic() - began
        assert details["oldestWaitingSeconds"] == pytest.approx(float(row["oldest"]), abs=took + 1)


def test_a_job_is_counted_where_it_is(
    admin: UserClient, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    def sdxl() -> dict[str, int]:
        queue = _metrics(admin)["queueDetails"]["sdxl_queue"]
        return {part: queue[part] for part in ("dispatched", "running")}

    at_first = sdxl()
    job = person.create_job()
    hand_worker.message(job)
    sent = sdxl()
    claim_id, claim = hand_worker.claimed(job)
    run = sdxl()
    hand_worker.complete(job, claim_id, hand_worker.upload(claim))
    assert sent == {**at_first, "dispatched": at_first["dispatched"] + 1}
    assert run == {**at_first, "running": at_first["running"] + 1}
    assert sdxl() == at_first


@pytest.fixture
def wait(bare: LocalSystem) -> Iterator[Insert]:
    """Insert long jobs that wait; no worker receives them."""
    user = uuid4()

    def insert(jobs: int) -> None:
        bare.rows(WAITING, user, LONG, jobs)

    yield insert
    bare.rows(END, [user])


def test_the_wait_is_reported_in_seconds_and_as_a_phrase(
    admin: UserClient, workers: Insert, wait: Insert
) -> None:
    workers("one", "wan")
    before = _likely(admin)
    wait(3)
    payload = _metrics(admin)
    seconds = payload["etaSeconds"]["wan"]
    assert seconds["likely"] - before == pytest.approx(3 * 240, abs=1)
    assert seconds["least"] <= seconds["likely"] <= seconds["most"]
    assert payload["etaEstimates"]["wan"] == "> 10 mins"
    workers("three", "wan", slots=3)
    assert _likely(admin) < seconds["likely"] / 3


def test_what_was_measured_lately_is_believed(
    bare: LocalSystem, admin: UserClient, workers: Insert, wait: Insert
) -> None:
    workers("one", "wan")
    wait(1)
    expected = _likely(admin)
    rows = bare.rows(MEASURED, uuid4(), LONG, [2, 10, 10, 10, 50])
    measured = _likely(admin)
    wait(1)
    two_measured = _likely(admin)
    bare.rows(
        "update jobs set completed_at = now() - interval '25 hours' where id = any(%s)"
        " returning id",
        [row["id"] for row in rows],
    )
    assert measured < expected
    assert two_measured - measured == pytest.approx(10, abs=1), "the median of what was measured"
    assert _likely(admin) == pytest.approx(expected + 240, abs=1), "a day later it is forgotten"


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (None, 401),
        ("nonsense", 401),
        (tokens.anon_token(), 401),
        (tokens.user_token(), 403),
    ],
)
def test_only_an_admin_may_read_it(bare: LocalSystem, token: str | None, status: int) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = web.post(f"{bare.base}/functions/v1/system-metrics", json={}, headers=headers)
    assert answer.status_code == status
    assert "queues" not in answer.json()


def test_no_body_is_needed_and_another_method_is_405(bare: LocalSystem, admin: UserClient) -> None:
    headers = {"authorization": f"Bearer {admin.token}"}
    url = f"{bare.base}/functions/v1/system-metrics"
    assert web.post(url, headers=headers).status_code == 200
    assert web.post(url, content=b"{not json", headers=headers).status_code == 200
    assert web.get(url, headers=headers).status_code == 405
