"""Every content check: a refusal leaves a row of the decision and nothing else."""

from collections.abc import Callable

import httpx
import pytest

from shared.safety.rules import RULES
from tests.support.fake_chat_server import ChatServer, reply
from tests.support.local_system import LocalSystem, UserClient
from tests.support.safety_drill import ONE, OTHER, decisions, refused
from tests.support.scripted_worker import ScriptedWorker

pytest_plugins = ["tests.support.safety_fixtures"]

BOTH = f"a {ONE} beside a {OTHER}"
HARMLESS = f"a {ONE} in the rain"

GATES: dict[str, tuple[str, str, Callable[[UserClient], httpx.Response]]] = {
    "prompt": ("prompt", "metadata", lambda person: person.post_job(BOTH)),
    "a client's enhanced prompt": (
        "prompt",
        "metadata",
        lambda person: person.post_job(HARMLESS, enhanced_prompt=BOTH),
    ),
    "negative prompt": (
        "negative_prompt",
        "metadata",
        lambda person: person.post_job(HARMLESS, negative_prompt="blurry, quandels"),
    ),
    "negative weights": (
        "negative_prompt",
        "metadata",
        lambda person: person.post_job(HARMLESS, negative_prompt=f"blurry, ({OTHER}:-1.3)"),
    ),
    "enhance-prompt": (
        "prompt",
        "prompt",
        lambda person: person.invoke("enhance-prompt", {"prompt": BOTH}),
    ),
    "chat": (
        "message",
        "message",
        lambda person: person.invoke("playground-chat", {"message": BOTH}),
    ),
}


@pytest.mark.parametrize(("place", "field", "act"), GATES.values(), ids=GATES)
def test_a_gate_refuses_and_keeps_a_row_and_nothing_else(
    safety_system: LocalSystem,
    safety_user: UserClient,
    place: str,
    field: str,
    act: Callable[[UserClient], httpx.Response],
) -> None:
    error = refused(act(safety_user), "drill")
    assert error["details"][0]["field"] == field
    (row,) = decisions(safety_system, safety_user)
    assert (row["place"], row["outcome"], row["categories"]) == (place, "refused", ["drill"])
    assert row["rule_version"] == RULES.version
    assert len(row["prompt_hash"]) == 32
    assert safety_user.rows("jobs") == []
    assert safety_user.rows("conversations") == []


def test_an_admin_is_refused_too(safety_system: LocalSystem) -> None:
    admin = UserClient(safety_system, is_admin=True)
    body = {"prompt": BOTH, "model_type": "sdxl", "quality": "fast"}
    refused(admin.invoke("generate-admin-image", body), "drill")
    assert [row["place"] for row in decisions(safety_system, admin)] == ["prompt"]


def test_the_same_prompt_has_the_same_hash_and_another_has_another(
    safety_system: LocalSystem, safety_user: UserClient
) -> None:
    safety_user.post_job(BOTH)
    safety_user.post_job(BOTH)
    safety_user.post_job(f"{BOTH}, again")
    one, same, other = (row["prompt_hash"] for row in decisions(safety_system, safety_user))
    assert one == same != other


def test_what_is_not_to_be_drawn_may_be_named(
    safety_system: LocalSystem, safety_user: UserClient, drawing_worker: ScriptedWorker
) -> None:
    job = safety_user.create_job(HARMLESS, negative_prompt=f"nsfw, nude, child, {OTHER}")
    drawing_worker.finish(job)
    safety_user.wait_for(job)
    assert decisions(safety_system, safety_user) == []


@pytest.mark.parametrize("words", [[BOTH], ["a quiet", f"{ONE} and", OTHER]])
def test_what_a_model_makes_of_a_prompt_is_refused_and_is_not_the_users_fault(
    safety_system: LocalSystem, safety_user: UserClient, chat: ChatServer, words: list[str]
) -> None:
    chat.behave = reply(*(f"{word} " for word in words))
    for _ in range(4):
        answer = safety_user.post_job(HARMLESS, user_requested_enhancement=True)
        refused(answer, "drill")
    assert {row["place"] for row in decisions(safety_system, safety_user)} == {"enhanced_prompt"}
    assert safety_user.rows("jobs") == []
    assert safety_user.post_job(HARMLESS).status_code == 202


def test_an_answer_in_a_conversation_is_refused_and_kept_as_such(
    safety_system: LocalSystem, safety_user: UserClient, chat: ChatServer
) -> None:
    chat.behave = reply("I am ", "the ", f"{OTHER} ", "you know")
    body = {"message": f"you play a {ONE}"}
    answer = safety_user.invoke("playground-chat", body, accept="text/event-stream")
    assert '"code":"content_refused"' in answer.text
    assert OTHER not in answer.text
    assert "you know" not in answer.text
    assert [row["place"] for row in decisions(safety_system, safety_user)] == ["answer"]
    assert [row["content"] for row in safety_user.rows("messages", order="seq.asc")][1:] == [
        "This reply was refused by the safety rules."
    ]


def test_a_message_is_refused_after_what_was_said_before(
    safety_system: LocalSystem, safety_user: UserClient, chat: ChatServer
) -> None:
    payload = safety_user.invoke("playground-chat", {"message": f"you play a {ONE}"}).json()
    body = {"message": f"and I a {OTHER}", "conversation_id": payload["conversation_id"]}
    refused(safety_user.invoke("playground-chat", body), "drill")
    assert [row["place"] for row in decisions(safety_system, safety_user)] == ["message"]
    assert len(safety_user.rows("messages")) == 2
    assert len(chat.requests) == 1
