"""queue-job: refused requests, which leave nothing behind."""

import concurrent.futures
import json

import httpx
import pytest

from shared.contracts.job_catalog import JOB_TYPES
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient

_TABLES = ("jobs", "credit_ledger", "usage_logs", "profiles", "user_queues")


def _belongings(system: LocalSystem, person: UserClient) -> dict[str, int]:
    """How many rows of each table belong to the user."""
    owner = {"profiles": "id"}
    return {
        table: system.value(
            f"select count(*) from {table} where {owner.get(table, 'user_id')} = %s", person.id
        )
        for table in _TABLES
    }


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({"prompt": ""}, "metadata.prompt"),
        ({"prompt": "   "}, "metadata.prompt"),
        ({}, "metadata.prompt"),
        ({"prompt": "x" * 2001}, "metadata.prompt"),
        ({"prompt": "a\x00b"}, "metadata.prompt"),
        ({"prompt": "a\x1b[2Jb"}, "metadata.prompt"),
        ({"prompt": 5}, "metadata.prompt"),
        ({"prompt": "x", "num_images": 0}, "metadata.num_images"),
        ({"prompt": "x", "num_images": 7}, "metadata.num_images"),
        ({"prompt": "x", "num_images": "2"}, "metadata.num_images"),
        ({"prompt": "x", "num_images": 1.5}, "metadata.num_images"),
        ({"prompt": "x", "seed": -1}, "metadata.seed"),
        ({"prompt": "x", "seed": 2**32}, "metadata.seed"),
        ({"prompt": "x", "aspect_ratio": "2:1"}, "metadata.aspect_ratio"),
        ({"prompt": "x", "steps": 0}, "metadata.steps"),
        ({"prompt": "x", "steps": 101}, "metadata.steps"),
        ({"prompt": "x", "guidance_scale": -1}, "metadata.guidance_scale"),
        ({"prompt": "x", "reference_strength": 1.1}, "metadata.reference_strength"),
        ({"prompt": "x", "contentType": "other"}, "metadata.contentType"),
        ({"prompt": "x", "destination": "moon"}, "metadata.destination"),
        ({"prompt": "x", "reference_image": True}, "metadata.reference_image"),
        ({"prompt": "x", "mine": "y" * 17_000}, "metadata"),
        ({"prompt": "x", "mine": [1] * 8000}, "metadata"),
        ({"prompt": "x", "mine": [1e308] * 100}, "metadata"),
        ({"prompt": "x", "mine": "a\x00b"}, "metadata.mine"),
        ({"prompt": "x", "mine": {"a\x00b": 1}}, "metadata.mine"),
    ],
)
def test_bad_metadata_is_422_and_names_the_field(
    bare: LocalSystem, person: UserClient, metadata: dict[str, object], field: str
) -> None:
    answer = person.invoke("queue-job", {"jobType": "sdxl_image_fast", "metadata": metadata})
    _refused(answer, 422, "invalid")
    assert field in [detail["field"] for detail in answer.json()["details"]]
    assert answer.json()["error"].endswith(".")
    assert not any(_belongings(bare, person).values())


@pytest.mark.parametrize(
    "more",
    [
        {"projectId": "not-a-uuid"},
        {"referenceImageUrl": "http://127.0.0.1/x"},
        {"referenceImageUrl": "a\x00b.png"},
        {"startReferenceImageUrl": 5},
        {"endReferenceImageUrl": "x" * 5000},
    ],
)
def test_bad_fields_are_422(bare: LocalSystem, person: UserClient, more: dict[str, object]) -> None:
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "x"}, **more}
    _refused(person.invoke("queue-job", body), 422, "invalid")
    assert not any(_belongings(bare, person).values())


def test_an_unknown_job_type_is_422_and_lists_the_known_ones(person: UserClient) -> None:
    answer = person.post_job(job_type="sdxl_poem")
    _refused(answer, 422, "invalid")
    assert all(name in answer.json()["error"] for name in JOB_TYPES)


def test_several_images_of_a_wan_type_are_422(person: UserClient) -> None:
    _refused(person.post_job(job_type="image_fast", num_images=2), 422, "invalid")


@pytest.mark.parametrize(
    ("metadata", "category"),
    [
        ({"prompt": "a red star", "contentType": "nsfw"}, "nsfw"),
        ({"prompt": "n4ked te3nager"}, "sexual_minors"),
        ({"prompt": "a red star", "enhanced_prompt": "nude child"}, "sexual_minors"),
        ({"prompt": "deepfake of a celebrity, topless"}, "sexual_real_person"),
    ],
)
def test_refused_content_is_422_with_its_category(
    bare: LocalSystem, person: UserClient, metadata: dict[str, object], category: str
) -> None:
    answer = person.invoke("queue-job", {"jobType": "sdxl_image_fast", "metadata": metadata})
    _refused(answer, 422, "content_refused")
    assert answer.json()["details"][0]["message"] == category
    assert str(metadata["prompt"]) not in answer.text
    assert not any(_belongings(bare, person).values())


def test_a_body_that_is_not_json_is_400(person: UserClient) -> None:
    _refused(_post(person, b"{"), 400, "not_json")
    _refused(_post(person, b"\xff\xfe"), 400, "not_json")


def test_a_body_of_another_type_is_415(person: UserClient) -> None:
    answer = _post(person, b"{}", **{"content-type": "text/plain"})
    _refused(answer, 415, "unsupported_media_type")


def test_a_body_over_1_mib_is_413(person: UserClient) -> None:
    body = json.dumps({"jobType": "x", "metadata": {"prompt": "a" * 1024 * 1024}}).encode()
    _refused(_post(person, body), 413, "too_large")


def test_another_method_is_405_and_says_which(person: UserClient) -> None:
    answer = person.get("/functions/v1/queue-job")
    _refused(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST, OPTIONS"


def test_no_token_is_401_before_the_body_is_looked_at(bare: LocalSystem) -> None:
    answer = web.post(f"{bare.base}/functions/v1/queue-job", content=b"{")
    _refused(answer, 401, "unauthenticated")


def test_credits_that_are_short_are_402_and_nothing_is_kept(
    bare: LocalSystem, person: UserClient
) -> None:
    for _ in range(3):
        person.create_job(job_type="video7b_high_enhanced")  # 6 of the 20 credits each
    before = _belongings(bare, person)
    _refused(person.post_job(num_images=3), 402, "insufficient_credits")
    assert _belongings(bare, person) == before
    assert person.rows("profiles")[0]["token_balance"] == 2
    assert person.post_job(num_images=2).status_code == 202


def test_credits_are_never_negative_when_requests_race(person: UserClient) -> None:
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        futures = [
            pool.submit(person.post_job, job_type="video7b_high_enhanced") for _ in range(100)
        ]
    codes = sorted(future.result().status_code for future in futures)
    assert codes == [202] * 3 + [402] * 97
    assert person.rows("profiles")[0]["token_balance"] == 2
    assert len(person.rows("jobs")) == 3


def test_too_many_queued_jobs_are_429_with_retry_after(person: UserClient) -> None:
    for _ in range(5):
        person.create_job()
    answer = person.post_job()
    _refused(answer, 429, "too_many")
    assert int(answer.headers["retry-after"]) > 0
    assert len(person.rows("jobs")) == 5
    assert person.rows("profiles")[0]["token_balance"] == 15


def test_no_more_are_queued_than_may_be_when_requests_race(person: UserClient) -> None:
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        futures = [pool.submit(person.post_job) for _ in range(40)]
    codes = sorted(future.result().status_code for future in futures)
    assert codes == [202] * 5 + [429] * 35
    assert person.rows("profiles")[0]["token_balance"] == 15
    assert len(person.rows("jobs")) == 5


def test_an_error_has_one_shape_and_never_the_prompt(person: UserClient) -> None:
    answer = person.post_job("a very private thought", num_images=9)
    body = answer.json()
    assert body.keys() == {"success", "error", "code", "details", "timestamp", "request_id"}
    assert answer.headers["x-request-id"] == body["request_id"]
    assert "private" not in answer.text


def _post(person: UserClient, body: bytes, **headers: str) -> httpx.Response:
    sent = {
        "authorization": f"Bearer {person.token}",
        "content-type": "application/json",
        **headers,
    }
    return web.post(f"{person.base}/functions/v1/queue-job", content=body, headers=sent)


def _refused(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code
    assert answer.json()["success"] is False
    assert answer.headers["content-type"] == "application/json"
