"""POST /enhance-prompt: by a chat model or, while none responds, by rules."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra.local.config import tokens
from shared.prompts.rules.tokens import estimate_tokens
from tests.integration.chat.process import ChatProcess
from tests.support.fake_chat_server import FAULTS, KEY, ChatServer, reply
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, free_port, wait_until

pytest_plugins = ["tests.support.chat_fixtures"]

PROMPT = "a red fox in the snow"
BETTER = "a red fox in the snow, low winter sun from the left, breath in the cold air"


def _enhanced(person: UserClient, prompt: str = PROMPT, **more: object) -> dict[str, Any]:
    answer = person.invoke("enhance-prompt", {"prompt": prompt, **more})
    assert answer.status_code == 200, answer.text
    payload: dict[str, Any] = answer.json()
    assert payload["success"] is True
    assert payload["original_prompt"] == prompt
    return payload


def _fell_back(payload: dict[str, Any], reason: str) -> None:
    metadata = payload["enhancement_metadata"]
    assert metadata["fallback_reason"].startswith(f"{reason}: ")
    assert (metadata["model_used"], metadata["template_used"]) == ("rules", "rules")


@contextmanager
def _template_as(system: LocalSystem, name: str, mode: str) -> Iterator[None]:
    query = "update prompt_templates set content_mode = %s where template_name = %s returning id"
    system.rows(query, mode, name)
    try:
        yield
    finally:
        system.rows(query, "sfw", name)


def test_a_model_enhances_by_its_template(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    server.behave = reply("Prompt: ", BETTER, "\n\nI hope this helps!")
    began = time.monotonic()
    payload = _enhanced(chat_user)
    elapsed_ms = (time.monotonic() - began) * 1000
    metadata = payload["enhancement_metadata"]
    assert payload["enhanced_prompt"] == BETTER
    assert 0 <= metadata.pop("enhancement_time_ms") <= elapsed_ms + 1
    assert metadata == {
        "model_used": "qwen_instruct",
        "template_used": "qwen_instruct_enhancement_sfw",
        "tokens": estimate_tokens(BETTER),
        "token_limit": 75,
        "token_count_is_estimate": True,
    }
    (request,) = server.requests
    template = chat_system.value(
        "select system_prompt from prompt_templates where template_name = %s",
        "qwen_instruct_enhancement_sfw",
    )
    assert request["model"] == "qwen_instruct"
    assert request["messages"] == [
        {"role": "system", "content": template},
        {"role": "user", "content": f"Description: {PROMPT}"},
    ]
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("use_case", "source", "result"),
    [
        ("enhancement", "Description", "Prompt"),
        ("chat", "Message", "Rewritten"),
        ("roleplay", "Idea", "Opening"),
    ],
)
def test_a_base_model_goes_on_from_its_own_examples(
    chat_user: UserClient, server: ChatServer, use_case: str, source: str, result: str
) -> None:
    server.behave = reply(f" {BETTER}.\n{source}: a blue dog\n{result}: a blue")
    payload = _enhanced(chat_user, model_type="qwen_base", use_case=use_case)
    assert payload["enhanced_prompt"] == f"{BETTER}."
    assert payload["enhancement_metadata"]["template_used"] == f"qwen_base_{use_case}_sfw"
    (request,) = server.requests
    assert request["model"] == "qwen_base"
    assert request["messages"][1]["content"] == f"{source}: {PROMPT}\n{result}:"


def test_without_a_worker_the_rules_say_the_same_twice(chat_user: UserClient) -> None:
    first, second = (_enhanced(chat_user) for _ in range(2))
    _fell_back(first, "no_worker")
    assert first["enhanced_prompt"].startswith(f"{PROMPT}, ")
    assert first["enhanced_prompt"] == second["enhanced_prompt"]
    metadata = first["enhancement_metadata"]
    assert metadata["tokens"] == estimate_tokens(first["enhanced_prompt"]) <= 75


@pytest.mark.parametrize("use_case", ["chat", "roleplay"])
def test_the_rules_leave_what_is_no_picture(chat_user: UserClient, use_case: str) -> None:
    payload = _enhanced(chat_user, use_case=use_case)
    _fell_back(payload, "no_worker")
    assert payload["enhanced_prompt"] == PROMPT


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_a_server_does_the_rules_take_over(
    fault_talker: UserClient, server: ChatServer, fault: str
) -> None:
    server.behave, reason = FAULTS[fault]
    payload = _enhanced(fault_talker)
    _fell_back(payload, reason)
    assert payload["enhanced_prompt"].startswith(PROMPT)


@pytest.mark.usefixtures("server")
def test_an_unreachable_worker_is_reported(chat_system: LocalSystem, chat_user: UserClient) -> None:
    query = "update workers set worker_url = %s where id = 'demo-chat' returning id"
    chat_system.rows(query, f"http://127.0.0.1:{free_port()}")
    _fell_back(_enhanced(chat_user), "away")


@pytest.mark.parametrize("completion", ["I'm sorry, but I can't help with that.", "a big blue dog"])
def test_an_answer_about_something_else_is_none(
    chat_user: UserClient, server: ChatServer, completion: str
) -> None:
    server.behave = reply(completion)
    _fell_back(_enhanced(chat_user), "unfaithful")


def test_an_answer_that_is_too_long_ends_with_a_phrase(
    chat_user: UserClient, server: ChatServer
) -> None:
    numbers = ["one", "two", "three", "four", "five"]
    phrases = [f"detail number {number} of the coat" for number in numbers]
    server.behave = reply(", ".join([PROMPT, *phrases * 5]))
    payload = _enhanced(chat_user)
    tokens = payload["enhancement_metadata"]["tokens"]
    assert 65 < tokens <= 75
    assert all(part in [PROMPT, *phrases] for part in payload["enhanced_prompt"].split(", "))
    server.behave = reply(f"{PROMPT}, low sun, long sha", finish="length")
    assert _enhanced(chat_user)["enhanced_prompt"] == f"{PROMPT}, low sun"


def test_no_template_of_another_mode_is_used(
    chat_system: LocalSystem, chat_user: UserClient, server: ChatServer
) -> None:
    with _template_as(chat_system, "qwen_instruct_roleplay_sfw", "nsfw"):
        _fell_back(_enhanced(chat_user, use_case="roleplay"), "no_template")
    assert server.requests == []


def test_nsfw_is_refused_before_any_worker_is_called(
    chat_user: UserClient, server: ChatServer
) -> None:
    for body in ({"prompt": PROMPT, "content_mode": "nsfw"}, {"prompt": "a n.u.d.e c h i l d"}):
        answer = chat_user.invoke("enhance-prompt", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "content_refused")
    assert server.requests == []


def test_what_a_model_makes_of_a_prompt_is_checked_again(
    chat_user: UserClient, server: ChatServer
) -> None:
    server.behave = reply(f"{PROMPT}, a nude celebrity")
    answer = chat_user.invoke("enhance-prompt", {"prompt": PROMPT})
    assert (answer.status_code, answer.json()["code"]) == (422, "content_refused")
    assert answer.json()["details"][0]["field"] == "enhanced_prompt"
    assert "nude" not in answer.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "prompt"),
        ({"prompt": " "}, "prompt"),
        ({"prompt": "x" * 2001}, "prompt"),
        ({"prompt": "a\x1b[2J"}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": "a", "model_type": "gpt"}, "model_type"),
        ({"prompt": "a", "content_mode": "any"}, "content_mode"),
        ({"prompt": "a", "use_case": "conversation_admin"}, "use_case"),
    ],
)
def test_what_is_not_valid_names_its_field(
    chat_user: UserClient, body: dict[str, object], field: str
) -> None:
    answer = chat_user.invoke("enhance-prompt", body)
    assert answer.status_code == 422
    assert answer.json()["details"][0]["field"] == field


def test_a_user_may_ask_or_a_registered_worker(
    chat_system: LocalSystem, server: ChatServer
) -> None:
    url = f"{chat_system.base}/functions/v1/enhance-prompt"
    anon = {"authorization": f"Bearer {tokens.anon_token()}"}
    for headers in ({}, anon):
        assert web.post(url, json={"prompt": PROMPT}, headers=headers).status_code == 401
    server.behave = reply(BETTER)
    answer = server.send("enhance-prompt", {"prompt": PROMPT})
    assert (answer.status_code, answer.json()["enhanced_prompt"]) == (200, BETTER)


def test_the_real_chat_worker_judges(chat_user: UserClient, tiny: ChatProcess) -> None:
    payload: dict[str, Any] = {}

    def has_answered() -> bool:
        """Whether the reply had text: the model samples randomly and sometimes ends at once."""
        payload.update(_enhanced(chat_user, "why is my bread flat?", use_case="chat"))
        reason = payload["enhancement_metadata"].get("fallback_reason") or ""
        return not reason.startswith("empty: ")

    wait_until(has_answered, what="the model to answer something")
    metadata = payload["enhancement_metadata"]
    assert metadata["model_used"] == "qwen_instruct", metadata
    assert payload["enhanced_prompt"] != "why is my bread flat?"
    assert 0 < metadata["tokens"] <= metadata["token_limit"] == 200
    assert tiny.ended()[-1]["model"] == "qwen_instruct"
    babble = _enhanced(chat_user)["enhancement_metadata"]
    assert babble["fallback_reason"].partition(":")[0] in {"unfaithful", "empty"}
