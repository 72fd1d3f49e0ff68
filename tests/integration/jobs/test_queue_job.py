"""queue-job: accepted requests, and the jobs that they become."""

from uuid import uuid4

import pytest

from shared.contracts.job_catalog import JOB_TYPES
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker


def test_answer_is_the_specifications(person: UserClient) -> None:
    project = str(uuid4())
    answer = person.invoke(
        "queue-job",
        {
            "jobType": "sdxl_image_high",
            "metadata": {"prompt": "a boat", "num_images": 2, "mine": {"a": [1]}, "credits": 0},
            "projectId": project,
        },
    )
    assert answer.status_code == 202
    body = answer.json()
    job = body["job"]
    assert body["success"] is True
    assert body["modelVariant"] == "sdxl"
    assert body["queueLength"] >= 1
    assert body["debug"] == {
        "userId": person.id,
        "hasPrompt": True,
        "destination": "workspace",
        "workspaceSessionCreated": False,
    }
    assert "workspaceSessionId" not in body
    assert job["status"] == "queued"
    assert job["queue"] == "sdxl_queue"
    assert job["credits"] == 4  # set by the server, whatever the metadata contains
    assert job["project_id"] == project
    assert job["metadata"]["mine"] == {"a": [1]}
    assert "dispatch_no" not in job
    assert "parameters" not in job
    assert person.rows("jobs", id=f"eq.{job['id']}") == [
        # Exactly the row, except for the format of the time zone.
        {**job, "created_at": _any, "updated_at": _any}
    ]


def test_a_session_name_still_makes_a_session(person: UserClient) -> None:
    answer = person.post_job(session_name="My Session").json()
    session = answer["workspaceSessionId"]
    assert answer["debug"]["workspaceSessionCreated"] is True
    assert answer["job"]["workspace_session_id"] == session
    (row,) = person.rows("workspace_sessions")
    assert (row["id"], row["session_name"], row["is_active"]) == (session, "My Session", True)


@pytest.mark.parametrize("job_type", [*JOB_TYPES, "video_fast", "video_high"])
def test_every_type_of_the_catalogue_is_accepted(person: UserClient, job_type: str) -> None:
    answer = person.post_job(job_type=job_type)
    assert answer.status_code == 202, answer.text
    row = JOB_TYPES[answer.json()["job"]["job_type"]]
    assert answer.json()["modelVariant"] == row.model_variant
    assert answer.json()["job"]["queue"] == row.queue


def test_every_parameter_reaches_the_worker(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id = person.create_job(
        "a cafe\u0301",
        num_images=2,
        seed=5,
        aspect_ratio="16:9",
        negative_prompt="rain",
        steps=3,
        guidance_scale=0,
    )
    message = hand_worker.message(job_id)
    assert message.parameters.model_dump() == {
        "prompt": "a caf\u00e9",
        "negative_prompt": "rain",
        "steps": 3,
        "guidance_scale": 0.0,
        "num_images": 2,
        "seed": 5,
        "aspect_ratio": "16:9",
        "reference_strength": None,
        "reference_type": None,
        "content_type": "sfw",
    }
    assert str(message.user_id) == person.id
    assert message.dispatch_no == 1


def test_the_enhanced_prompt_is_what_the_worker_gets(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id = person.create_job("a boat", enhanced_prompt="a boat at dawn")
    assert hand_worker.message(job_id).parameters.prompt == "a boat at dawn"
    (job,) = person.rows("jobs", id=f"eq.{job_id}")
    assert (job["original_prompt"], job["enhanced_prompt"]) == ("a boat", "a boat at dawn")


def test_a_seed_is_chosen_and_stored_when_none_is_set(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    first, second = (hand_worker.message(person.create_job()).parameters.seed for _ in range(2))
    assert first != second


def test_the_trace_goes_with_the_job(person: UserClient, hand_worker: ScriptedWorker) -> None:
    trace = f"00-{uuid4().hex}-00f067aa0ba902b7-01"
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat"}}
    answer = person.invoke("queue-job", body, traceparent=trace)
    traceparent = hand_worker.message(answer.json()["job"]["id"]).traceparent
    assert traceparent is not None
    assert (traceparent[:35], traceparent[-2:]) == (trace[:35], "01")


def test_preflight_lets_a_browser_in(bare: LocalSystem) -> None:
    answer = web.options(
        f"{bare.base}/functions/v1/queue-job",
        headers={
            "origin": "https://app.example.com",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,apikey,content-type,x-client-info",
        },
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    allowed = answer.headers["access-control-allow-headers"]
    for name in ("authorization", "apikey", "content-type", "x-client-info", "idempotency-key"):
        assert name in allowed


def test_no_prompt_token_or_signed_url_is_in_the_logs(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id = person.create_job("a very secret zeppelin")
    person.post_job("another secret zeppelin", num_images=9)
    hand_worker.finish(job_id)
    log = (bare.data / "logs" / "gateway.log").read_text()
    assert job_id in log
    for secret in ("zeppelin", person.token, "X-Goog-Signature", hand_worker.key):
        assert secret not in log


class _Any:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


_any = _Any()


def test_a_job_gets_its_slot_after_the_one_that_waits_longer(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    first = person.create_job()
    hand_worker.message(first)
    bare.rows(
        "update jobs set dispatched_at = null, claim_by = null where id = %s returning id", first
    )
    second = person.create_job()
    hand_worker.message(second)
    at = "select dispatched_at from jobs where id = %s"
    assert bare.value(at, first) <= bare.value(at, second)
    assert bare.value("select dispatch_no from jobs where id = %s", first) == 2
