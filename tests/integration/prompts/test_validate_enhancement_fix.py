"""POST /validate-enhancement-fix: a verdict on each case by a check, a model or word overlap."""

import json
from typing import Any

import pytest

from tests.integration.chat.process import ChatProcess
from tests.support.fake_chat_server import FAULTS, Answer, Body, ChatServer, reply
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until

pytest_plugins = ["tests.support.chat_fixtures"]

ORIGINAL = "a red fox, watercolour, no snow"
GOOD = "a red fox, watercolour, no snow, dry autumn grass, pale side light, loose washes"
BAD = "a blue dog in deep snow, photograph, photograph, photograph"
NAMES = [
    "preserves_subject", "adds_detail", "no_repetition", "within_token_limit", "no_contradiction",
    "keeps_style_words", "same_language", "no_negation_lost", "is_single_line", "safe",
]  # fmt: skip
STATEMENTS = ["It mentions autumn grass", "It keeps the fox red"]
BY_WORDS = "Scored by word overlap, not by a model"


def _judged(person: UserClient, enhanced: str, *cases: str, original: str = ORIGINAL) -> list[Body]:
    body = {"original_prompt": original, "enhanced_prompt": enhanced, "test_cases": cases}
    answer = person.invoke("validate-enhancement-fix", body)
    assert answer.status_code == 200, answer.text
    results: list[Body] = answer.json()["validation_results"]
    assert [result["test_case"] for result in results] == list(cases)
    for result in results:
        assert result.keys() == {"test_case", "passed", "score", "feedback"}
        assert 0 <= result["score"] <= 1
        assert result["passed"] is (result["score"] >= 0.5)
        assert result["feedback"]
    return results


def _verdicts(*scores: object, feedback: object = "It says so.") -> str:
    return json.dumps([{"score": score, "feedback": feedback} for score in scores])


def test_each_named_check_distinguishes_good_from_bad(chat_user: UserClient) -> None:
    assert all(one["passed"] for one in _judged(chat_user, GOOD, *NAMES))
    failed = {one["test_case"] for one in _judged(chat_user, BAD, *NAMES) if not one["passed"]}
    assert failed >= {"preserves_subject", "no_repetition", "keeps_style_words", "no_negation_lost"}


def test_a_check_that_fails_scores_under_a_half(chat_user: UserClient) -> None:
    (one,) = _judged(chat_user, f"{GOOD}, {'grass and light, ' * 25}end", "within_token_limit")
    assert (one["passed"], one["score"]) == (False, 0.49), "nearly within is not within"


def test_safe_is_the_safety_rules_verdict(chat_user: UserClient, server: ChatServer) -> None:
    unsafe = f"{ORIGINAL}, a nude celebrity"
    safe, mention = _judged(chat_user, unsafe, "safe", "It mentions a celebrity")
    assert (safe["passed"], safe["score"]) == (False, 0)
    assert "sexual_real_person" in safe["feedback"]
    assert mention["feedback"].startswith(BY_WORDS)
    assert server.requests == [], "what is refused is given to no model"


@pytest.mark.parametrize(
    ("case", "near"),
    [("preserve_subject", "preserves_subject"), ("Adds-Details", "adds_detail"), ("zzz", None)],
)
def test_an_unknown_name_is_refused_with_the_nearest_name(
    chat_user: UserClient, case: str, near: str | None
) -> None:
    (one,) = _judged(chat_user, GOOD, case)
    assert (one["passed"], one["score"]) == (False, 0)
    assert (f"Is {near} meant?" in one["feedback"]) is (near is not None)
    assert all(name in one["feedback"] for name in NAMES)


def test_a_model_judges_the_criteria_that_are_not_check_names(
    chat_user: UserClient, server: ChatServer
) -> None:
    server.behave = reply("```json\n", _verdicts(0.9, 0.2), "\n```")
    first, name, second = _judged(chat_user, GOOD, STATEMENTS[0], "safe", STATEMENTS[1])
    assert (first["passed"], first["score"]) == (True, 0.9)
    assert (second["passed"], second["score"]) == (False, 0.2)
    assert first["feedback"] == "Judged by qwen_instruct: It says so."
    assert name["score"] == 1
    material = json.loads(server.requests[0]["messages"][1]["content"])
    assert material == {
        "original_prompt": ORIGINAL, "enhanced_prompt": GOOD, "statements": STATEMENTS,
    }  # fmt: skip


def test_many_criteria_are_judged_in_order(chat_user: UserClient, server: ChatServer) -> None:
    def behave(answer: Answer, body: Body) -> None:
        statements = json.loads(body["messages"][1]["content"])["statements"]
        reply(_verdicts(*(int(statement.split()[-1]) / 100 for statement in statements)))(
            answer, body
        )

    server.behave = behave
    results = _judged(chat_user, GOOD, *(f"case number {number}" for number in range(50)))
    assert [result["score"] for result in results] == [number / 100 for number in range(50)]
    assert len(server.requests) == 7


@pytest.mark.parametrize(
    "rubbish",
    [
        "I think it is fine.", "[]", _verdicts(1.0), _verdicts(1.0, 0.5, 0.5), _verdicts(0.5, 1.5),
        _verdicts("high", 0.5), _verdicts(0.5, None), _verdicts(0.5, 0.5, feedback=5),
        _verdicts(0.5, 0.5, feedback=""), _verdicts(0.5, 0.5, feedback="x" * 501),
        _verdicts(0.5, 0.5, feedback="a nude child"), '[{"score": NaN, "feedback": "a"}]',
        "[" * 9000,
    ],
)  # fmt: skip
def test_an_unreadable_verdict_is_requested_once_more_and_then_ignored(
    chat_user: UserClient, server: ChatServer, rubbish: str
) -> None:
    server.behave = reply(rubbish)
    results = _judged(chat_user, GOOD, *STATEMENTS)
    assert all(result["feedback"].startswith(BY_WORDS) for result in results)
    temperatures = [one["temperature"] for one in server.requests]
    assert len(temperatures) == 2
    assert temperatures[0] > temperatures[1] == 0


def test_the_second_answer_counts(chat_user: UserClient, server: ChatServer) -> None:
    answers = [_verdicts(1, 0), "no"]

    def behave(answer: Answer, body: Body) -> None:
        reply(answers.pop())(answer, body)

    server.behave = behave
    assert [one["score"] for one in _judged(chat_user, GOOD, *STATEMENTS)] == [1, 0]


@pytest.mark.parametrize("fault", ["silent", "dripping", "500", "429", "a page", "endless text"])
def test_whatever_a_server_does_the_words_decide(
    fault_talker: UserClient, server: ChatServer, fault: str
) -> None:
    server.behave, _ = FAULTS[fault]
    grass, fox = _judged(fault_talker, GOOD, STATEMENTS[0], "The picture shows a submarine at dawn")
    assert grass["passed"]
    assert not fox["passed"]
    assert grass["feedback"].startswith(BY_WORDS)


def test_without_a_worker_the_words_decide_in_any_script(chat_user: UserClient) -> None:
    first, second = _judged(chat_user, GOOD, STATEMENTS[0], "保持主题不变")
    assert first["feedback"].startswith(BY_WORDS)
    assert second["feedback"].startswith(BY_WORDS), "it is no name of a check"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"original_prompt": ""}, "original_prompt"),
        ({"enhanced_prompt": "x" * 2001}, "enhanced_prompt"),
        ({"test_cases": []}, "test_cases"),
        ({"test_cases": ["safe"] * 51}, "test_cases"),
        ({"test_cases": [" "]}, "test_cases.0"),
        ({"test_cases": ["x" * 501]}, "test_cases.0"),
        ({"test_cases": "safe"}, "test_cases"),
        ({"test_cases": [5]}, "test_cases.0"),
    ],
)
def test_what_is_not_valid_names_its_field(
    chat_user: UserClient, change: dict[str, Any], field: str
) -> None:
    body = {"original_prompt": "a", "enhanced_prompt": "b", "test_cases": ["safe"], **change}
    answer = chat_user.invoke("validate-enhancement-fix", body)
    assert answer.status_code == 422
    assert answer.json()["details"][0]["field"] == field


def test_a_user_may_ask_or_a_registered_worker(
    chat_system: LocalSystem, server: ChatServer
) -> None:
    body = {"original_prompt": "a", "enhanced_prompt": "b", "test_cases": ["safe"]}
    url = f"{chat_system.base}/functions/v1/validate-enhancement-fix"
    assert web.post(url, json=body).status_code == 401
    assert server.send("validate-enhancement-fix", body).status_code == 200


def test_the_real_chat_worker_is_called_twice_without_a_verdict(
    chat_user: UserClient, tiny: ChatProcess
) -> None:
    def is_called_twice() -> bool:
        """Whether the model was called twice: after an empty reply it is not called again."""
        before = len(tiny.ended())
        (one,) = _judged(chat_user, "a cat", "It is a cat", original="a cat")
        assert one["feedback"].startswith(BY_WORDS)
        calls = len(tiny.ended()) - before
        assert calls in {1, 2}
        return calls == 2

    wait_until(is_called_twice, what="the model to answer something")
