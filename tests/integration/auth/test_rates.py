"""Rate limits per user and minute: the bucket of each endpoint, and when to try again."""

import io
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image

from infra import manifest as the_map
from infra.local.config import tokens
from infra.local.gateway.router import load_functions
from tests.integration.storage.uploads import RED, own, refused, remove, send, stored
from tests.support import rate_buckets
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.second_gateway import SecondGateway

JOBS, PROMPTS, REQUESTS = 3, 2, 4


@pytest.fixture(scope="module")
def limited(bare: LocalSystem) -> Iterator[SecondGateway]:
    """The functions with low limits, beside the system."""
    revision = SecondGateway(
        bare,
        RATE_LIMIT_JOBS_PER_MINUTE=str(JOBS),
        RATE_LIMIT_PROMPTS_PER_MINUTE=str(PROMPTS),
        RATE_LIMIT_REQUESTS_PER_MINUTE=str(REQUESTS),
        UPLOADS_PER_USER="2",
        UPLOAD_BYTES_PER_USER="400",
    )
    yield revision.up()
    revision.end()


@pytest.fixture
def user(limited: SecondGateway) -> UserClient:
    """A new user with full buckets that are not refilled."""
    person = UserClient(limited)
    rate_buckets.fill(limited, person.id, jobs=JOBS, prompts=PROMPTS, requests=REQUESTS)
    return person


def test_each_endpoint_counts_by_the_limit_that_is_meant_for_it() -> None:
    endpoints = load_functions(the_map.read())
    names = {
        path.rsplit("/", 1)[-1]: endpoint
        for path, endpoint in endpoints.items()
        if "/functions/" in path
    }
    rates_of = {name: vars(endpoint)["rate"] for name, endpoint in names.items()}
    assert rates_of == dict.fromkeys(rates_of, "requests") | {
        "queue-job": "jobs",
        "generate-admin-image": None,  # by design: for admins, with no limit
        "enhance-prompt": "prompts",
        "validate-enhancement-fix": "prompts",
        "playground-chat": "prompts",
    }


def test_one_job_too_many_is_refused_before_it_is_read(
    limited: SecondGateway, user: UserClient
) -> None:
    for _ in range(JOBS):
        user.create_job()
    answer = _spoilt(user, "queue-job")
    _is_refused(answer, 60 // JOBS)
    assert answer.json()["success"] is False
    assert limited.value("select count(*) from jobs where user_id = %s", user.id) == JOBS
    assert UserClient(limited).post_job().status_code == 202, "another user's limit is another's"


def test_the_kinds_are_counted_apart(user: UserClient) -> None:
    for _ in range(PROMPTS):
        assert user.invoke("enhance-prompt", {"prompt": "a star"}).status_code == 200
    for function in ("enhance-prompt", "playground-chat", "validate-enhancement-fix"):
        _is_refused(_spoilt(user, function), 60 // PROMPTS)
    user.create_job()
    for _ in range(REQUESTS):
        assert user.get("/rest/v1/jobs").status_code == 200
    for answer in (
        user.get("/rest/v1/jobs"),
        user.get(f"/storage/v1/object/workspace-temp/{user.id}/a.png"),
        user.invoke("job-events", {}),
        user.invoke("workspace-actions", {"action": "clear_workspace"}),
        user.invoke("get-active-worker-url", {"worker_type": "sdxl"}),
    ):
        _is_refused(
            answer, 60 // REQUESTS, with_header=answer.request.url.path.startswith("/functions")
        )


def test_a_refusal_speaks_the_clients_protocol(user: UserClient) -> None:
    for _ in range(REQUESTS):
        user.get("/rest/v1/jobs")
    table = user.get("/rest/v1/jobs").json()
    assert (table["code"], table["hint"]) == ("rate_limited", None)
    stored = user.get(f"/storage/v1/object/workspace-temp/{user.id}/a.png").json()
    assert (stored["statusCode"], stored["error"]) == ("429", "SlowDown")


def test_after_retry_after_a_request_is_taken_and_not_a_second_before(
    limited: SecondGateway, user: UserClient
) -> None:
    for _ in range(JOBS):
        user.create_job()
    assert user.post_job().headers["retry-after"] == "20"
    rate_buckets.leave(limited, user, "jobs", tokens=19 / 20)
    answer = user.post_job()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    _empty_since(limited, user, 20)
    assert user.post_job().status_code == 202


def test_callers_that_are_no_user_are_not_counted(
    limited: SecondGateway, hand_worker: ScriptedWorker
) -> None:
    before = limited.value("select count(*) from rate_buckets")
    worker = ScriptedWorker(limited, hand_worker.key_id)
    for _ in range(PROMPTS + 1):
        assert worker.send("enhance-prompt", {"prompt": "a star"}).status_code == 200
    worker.close()
    anon = {"authorization": f"Bearer {tokens.anon_token()}"}
    for _ in range(REQUESTS + 1):
        answer = web.get(f"{limited.base}/rest/v1/user_library?select=id", headers=anon)
        assert answer.status_code == 200
    assert limited.value("select count(*) from rate_buckets") == before


def test_0_lifts_a_limit(bare: LocalSystem, person: UserClient) -> None:
    assert person.post_job().status_code == 202
    assert person.get("/rest/v1/jobs").status_code == 200
    assert bare.value("select count(*) from rate_buckets where user_id = %s", person.id) == 0


def test_a_user_uploads_so_many_pictures_and_so_many_bytes(
    limited: SecondGateway, user: UserClient
) -> None:
    noise = Image.effect_noise((64, 64), 90)
    large = io.BytesIO()
    noise.save(large, "PNG")
    message = refused(send(user, own(user), large.getvalue()), 413, "Payload too large")
    assert message.startswith("Your uploads may hold 400 bytes in all")
    for name in ("a.png", "a.png", "uploads/b.png"):  # replacing an object is not counted
        assert send(user, own(user, name), RED, **{"x-upsert": "true"}).status_code == 200
    _forget(limited, user)
    message = refused(send(user, own(user, "c.png")), 413, "Payload too large")
    assert message == "You have uploaded 2 images; delete some first."
    assert stored(limited, user) == {own(user, "a.png"), own(user, "uploads/b.png")}
    signed = user.invoke(f"storage/object/upload/sign/{own(user, 'c.png')}", {}).json()["url"]
    by_address = web.put(f"{user.base}/storage/v1{signed}", content=RED)
    refused(by_address, 413, "Payload too large")
    assert remove(user, f"{user.id}/a.png") == [f"{user.id}/a.png"]
    assert send(user, own(user, "c.png")).status_code == 200


def _spoilt(person: UserClient, function: str) -> httpx.Response:
    """Send a request whose body would be rejected if it were read."""
    url = f"{person.base}/functions/v1/{function}"
    return web.post(url, content=b"{", headers={"authorization": f"Bearer {person.token}"})


def _is_refused(answer: httpx.Response, seconds: int, *, with_header: bool = True) -> None:
    """Check a 429 response: an empty bucket has its next token in ``seconds``."""
    assert answer.status_code == 429, answer.text
    assert int(answer.headers["retry-after"]) == seconds
    assert not with_header or answer.json()["code"] == "rate_limited"


def _forget(system: LocalSystem, person: UserClient) -> None:
    """Delete the user's buckets, as if the user had sent no request."""
    system.rows("delete from rate_buckets where user_id = %s returning 1 as one", person.id)


def _empty_since(system: LocalSystem, person: UserClient, seconds: float) -> None:
    """Empty the bucket of jobs, as if the last job had been accepted that long ago."""
    system.rows(
        "update rate_buckets set tokens = 0, refilled_at = clock_timestamp() - make_interval("
        "secs => %s) where user_id = %s and bucket = 'jobs' returning 1 as one",
        seconds,
        person.id,
    )
