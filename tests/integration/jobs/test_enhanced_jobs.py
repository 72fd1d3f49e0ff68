"""POST /queue-job with ``user_requested_enhancement``: the prompt is enhanced or left unchanged."""

from typing import Any

import pytest

from tests.support.fake_chat_server import FAULTS, ChatServer, reply
from tests.support.local_system import LocalSystem, UserClient

pytest_plugins = ["tests.support.chat_fixtures"]

PROMPT = "a red fox in the snow"
BETTER = "a red fox in the snow, low winter sun from the left"


def _queued(person: UserClient, **metadata: object) -> tuple[dict[str, Any], str]:
    answer = person.post_job(PROMPT, user_requested_enhancement=True, **metadata)
    assert answer.status_code == 202, answer.text
    return answer.json()["job"], answer.json()["message"]


def _to_be_made(system: LocalSystem, job: dict[str, Any]) -> object:
    return system.value("select parameters ->> 'prompt' from jobs where id = %s", job["id"])


@pytest.mark.parametrize(
    ("job_type", "model"), [("sdxl_image_fast", "sdxl"), ("video_fast", "wan")]
)
def test_the_enhanced_prompt_is_made(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer, job_type: str, model: str
) -> None:
    server.behave = reply(BETTER)
    job, message = _queued(chat_user, job_type=job_type)
    assert (job["original_prompt"], job["enhanced_prompt"]) == (PROMPT, BETTER)
    assert _to_be_made(chat_system, job) == BETTER
    assert message == "Job queued with the enhanced prompt."
    template = "select system_prompt from prompt_templates where template_name = %s"
    system_prompt = chat_system.value(template, f"{model}_enhancement_sfw")
    assert server.requests[0]["messages"][0]["content"] == system_prompt


@pytest.mark.parametrize("job_type", ["image7b_fast_enhanced", "video7b_high_enhanced"])
def test_an_enhanced_type_is_enhanced_by_default(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer, job_type: str
) -> None:
    server.behave = reply(BETTER)
    answer = chat_user.post_job(PROMPT, job_type=job_type)
    assert answer.json()["message"] == "Job queued with the enhanced prompt."
    assert _to_be_made(chat_system, answer.json()["job"]) == BETTER


@pytest.mark.parametrize("fault", ["silent", "500", "broken off"])
def test_a_prompt_that_cannot_be_enhanced_is_used_unchanged(
    chat_system: LocalSystem, fault_talker: UserClient, server: ChatServer, fault: str
) -> None:
    server.behave, _ = FAULTS[fault]
    job, message = _queued(fault_talker)
    assert (job["original_prompt"], job["enhanced_prompt"]) == (PROMPT, None)
    assert _to_be_made(chat_system, job) == PROMPT
    assert message.startswith("Job queued with the original prompt. The chat worker")


def test_without_a_worker_the_answer_says_so(chat_user: UserClient) -> None:
    _, message = _queued(chat_user)
    assert message == "Job queued with the original prompt. No chat worker is available."


def test_what_the_client_enhanced_is_not_enhanced_again(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    job, message = _queued(chat_user, enhanced_prompt="a fox of my own")
    assert _to_be_made(chat_system, job) == job["enhanced_prompt"] == "a fox of my own"
    assert message == "Job queued."
    assert server.requests == []


def test_an_enhancement_that_is_refused_refuses_the_job(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    server.behave = reply(f"{PROMPT}, a nude celebrity")
    answer = chat_user.post_job(PROMPT, user_requested_enhancement=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "content_refused")
    assert chat_system.value("select count(*) from jobs where user_id = %s", chat_user.id) == 0
    assert chat_user.ledger() == []
