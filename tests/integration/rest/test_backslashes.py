"""Text that looks like a JSON escape is stored unchanged; a NUL character is refused."""

import json
from typing import Any

import pytest

from tests.support.http import web
from tests.support.local_system import UserClient
from tests.support.scripted_worker import ScriptedWorker

TEXTS = [r"cat \u0000 dog", r"\u0000", r"\\u0000 \ud800 \n \"", "\\", r'{"a": "\u0000"}']
NUL = "cat \x00 dog"


def _send(person: UserClient, method: str, path: str, body: object) -> tuple[int, Any]:
    answer = web.request(
        method,
        f"{person.base}{path}",
        headers={"authorization": f"Bearer {person.token}", "prefer": "return=representation"},
        json=body,
    )
    return answer.status_code, answer.json()


@pytest.mark.parametrize("text", TEXTS)
def test_a_job_holds_backslashes_as_they_are(person: UserClient, text: str) -> None:
    job_id = person.create_job(text, negative_prompt=text, session_name=text, other=[text])
    (job,) = person.rows("jobs", id=f"eq.{job_id}")
    assert job["original_prompt"] == text
    assert job["metadata"]["other"] == [text]
    assert job["metadata"]["negative_prompt"] == text
    (session,) = person.rows("workspace_sessions", session_name=f"eq.{text}")
    assert session["id"] == job["workspace_session_id"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_key_holds_backslashes_as_they_are(person: UserClient, text: str) -> None:
    job_id = person.create_job(other={text: 1})
    (job,) = person.rows("jobs", id=f"eq.{job_id}")
    assert job["metadata"]["other"] == {text: 1}


@pytest.mark.parametrize("text", TEXTS)
def test_an_action_holds_backslashes_as_they_are(person: UserClient, text: str) -> None:
    body = {"action": "create_collection", "name": text, "description": text}
    assert person.invoke("workspace-actions", body).status_code == 200
    (row,) = person.rows("user_collections")
    assert (row["name"], row["description"]) == (text, text)


@pytest.mark.parametrize("text", TEXTS)
def test_the_databases_interface_holds_backslashes_as_they_are(
    person: UserClient, text: str
) -> None:
    row = {"user_id": person.id, "session_name": text}
    status, rows = _send(person, "POST", "/rest/v1/workspace_sessions", row)
    assert (status, rows[0]["session_name"]) == (201, text)
    arguments = {"p_user_id": person.id, "p_session_name": text}
    status, session_id = _send(person, "POST", "/rest/v1/rpc/create_workspace_session", arguments)
    assert status == 200
    (session,) = person.rows("workspace_sessions", id=f"eq.{session_id}")
    assert session["session_name"] == text


@pytest.mark.parametrize("text", TEXTS)
def test_a_callback_holds_backslashes_as_they_are(
    person: UserClient, hand_worker: ScriptedWorker, text: str
) -> None:
    job_id = person.create_job()
    claim_id, claim = hand_worker.claimed(job_id)
    settings = {"sampler": text, text: [text]}
    assets = [{**one, "generationSettings": settings} for one in hand_worker.upload(claim)]
    answer = hand_worker.complete(job_id, claim_id, assets)
    assert answer.status_code == 200, answer.text
    assert person.asset(job_id)["generation_settings"] == settings


def test_a_nul_character_is_refused_wherever_it_is(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job: dict[str, Any] = {"jobType": "sdxl_image_fast"}
    for metadata in (
        {"prompt": NUL},
        {"prompt": "a boat", "negative_prompt": NUL},
        {"prompt": "a boat", "other": {"a": [NUL]}},
        {"prompt": "a boat", "other": {NUL: 1}},
        {"prompt": "a boat", NUL: 1},
    ):
        answer = person.invoke("queue-job", {**job, "metadata": metadata})
        assert answer.status_code == 422, json.dumps(metadata)
    body = {"action": "create_collection", "name": NUL}
    assert person.invoke("workspace-actions", body).status_code == 422
    assert person.invoke("playground-chat", {"message": NUL}).status_code == 422
    assert person.invoke("enhance-prompt", {"prompt": NUL}).status_code == 422
    row = {"user_id": person.id, "session_name": NUL}
    for path, sent in (
        ("/rest/v1/workspace_sessions", row),
        ("/rest/v1/workspace_sessions", {**row, "session_name": "x", NUL: "x"}),
        (
            "/rest/v1/rpc/create_workspace_session",
            {"p_user_id": person.id, "p_session_name": NUL},
        ),
    ):
        status, error = _send(person, "POST", path, sent)
        assert status == 400, error
    registered = hand_worker.register(models=[NUL])
    assert registered.status_code == 422
    assert person.rows("jobs") == person.rows("workspace_sessions") == []
