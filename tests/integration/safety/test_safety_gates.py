"""Every gate: what is refused there leaves a row, and nothing else."""

from collections.abc import Callable

import httpx
import pytest

from shared.safety.rules import RULES
from tests.support.fake_chat_server import ChatServer, say
from tests.support.local_system import Person, System
from tests.support.safety_drill import ONE, OTHER, decisions, refused
from tests.support.scripted_worker import HandWorker

pytest_plugins = ["tests.support.safety_fixtures"]

BOTH = f"a {ONE} beside a {OTHER}"
HARMLESS = f"a {ONE} in the rain"

GATES: dict[str, tuple[str, str, Callable[[Person], httpx.Response]]] = {
    "prompt": ("prompt", "metadata", lambda person: person.ask(BOTH)),
    "a client's enhanced prompt": (
        "prompt",
        "metadata",
        lambda person: person.ask(HARMLESS, enhanced_prompt=BOTH),
    ),
    "negative prompt": (
        "negative_prompt",
        "metadata",
        lambda person: person.ask(HARMLESS, negative_prompt="blurry, quandels"),
    ),
    "negative weights": (
        "negative_prompt",
        "metadata",
        lambda person: person.ask(HARMLESS, negative_prompt=f"blurry, ({OTHER}:-1.3)"),
    ),
    "enhance-prompt": (
        "prompt",
        "prompt",
        lambda person: person.call("enhance-prompt", {"prompt": BOTH}),
    ),
    "chat": (
        "message",
        "message",
        lambda person: person.call("playground-chat", {"message": BOTH}),
    ),
}


@pytest.mark.parametrize(("place", "field", "act"), GATES.values(), ids=GATES)
def test_a_gate_refuses_and_keeps_a_row_and_nothing_else(
    gated: System,
    visitor: Person,
    place: str,
    field: str,
    act: Callable[[Person], httpx.Response],
) -> None:
    told = refused(act(visitor), "drill")
    assert told["details"][0]["field"] == field
    (row,) = decisions(gated, visitor)
    assert (row["place"], row["outcome"], row["categories"]) == (place, "refused", ["drill"])
    assert row["rule_version"] == RULES.version
    assert len(row["prompt_hash"]) == 32
    assert visitor.rows("jobs") == []
    assert visitor.rows("conversations") == []


def test_an_admin_is_refused_too(gated: System) -> None:
    admin = Person(gated, is_admin=True)
    body = {"prompt": BOTH, "model_type": "sdxl", "quality": "fast"}
    refused(admin.call("generate-admin-image", body), "drill")
    assert [row["place"] for row in decisions(gated, admin)] == ["prompt"]


def test_the_same_prompt_has_the_same_hash_and_another_has_another(
    gated: System, visitor: Person
) -> None:
    visitor.ask(BOTH)
    visitor.ask(BOTH)
    visitor.ask(f"{BOTH}, again")
    one, same, other = (row["prompt_hash"] for row in decisions(gated, visitor))
    assert one == same != other


def test_what_is_not_to_be_drawn_may_be_named(
    gated: System, visitor: Person, drawing_worker: HandWorker
) -> None:
    job = visitor.queue(HARMLESS, negative_prompt=f"nsfw, nude, child, {OTHER}")
    drawing_worker.finish(job)
    visitor.wait_for(job)
    assert decisions(gated, visitor) == []


@pytest.mark.parametrize("words", [[BOTH], ["a quiet", f"{ONE} and", OTHER]])
def test_what_a_model_makes_of_a_prompt_is_refused_and_is_not_the_users_fault(
    gated: System, visitor: Person, chat: ChatServer, words: list[str]
) -> None:
    chat.behave = say(*(f"{word} " for word in words))
    for _ in range(4):
        answer = visitor.ask(HARMLESS, user_requested_enhancement=True)
        refused(answer, "drill")
    assert {row["place"] for row in decisions(gated, visitor)} == {"enhanced_prompt"}
    assert visitor.rows("jobs") == []
    assert visitor.ask(HARMLESS).status_code == 202


def test_an_answer_in_a_conversation_is_refused_and_kept_as_such(
    gated: System, visitor: Person, chat: ChatServer
) -> None:
    chat.behave = say("I am ", "the ", f"{OTHER} ", "you know")
    body = {"message": f"you play a {ONE}"}
    answer = visitor.call("playground-chat", body, accept="text/event-stream")
    assert '"code":"content_refused"' in answer.text
    assert OTHER not in answer.text
    assert "you know" not in answer.text
    assert [row["place"] for row in decisions(gated, visitor)] == ["answer"]
    assert [row["content"] for row in visitor.rows("messages", order="seq.asc")][1:] == [
        "This answer was refused."
    ]


def test_a_message_is_refused_after_what_was_said_before(
    gated: System, visitor: Person, chat: ChatServer
) -> None:
    told = visitor.call("playground-chat", {"message": f"you play a {ONE}"}).json()
    body = {"message": f"and I a {OTHER}", "conversation_id": told["conversation_id"]}
    refused(visitor.call("playground-chat", body), "drill")
    assert [row["place"] for row in decisions(gated, visitor)] == ["message"]
    assert len(visitor.rows("messages")) == 2
    assert len(chat.asked) == 1
