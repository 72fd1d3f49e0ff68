"""The chat worker's process: every option of the protocol has its effect.

The tiny model writes one character per token.
"""

import json
from typing import Any

import pytest
from tokenizers import Tokenizer

from tests.integration.chat.conftest import KEY
from tests.integration.chat.process import ChatProcess, body
from tests.support.http import web
from tests.support.local_system import wait_until


@pytest.fixture
def tokenizer(chat: ChatProcess) -> Tokenizer:
    (model,) = chat.cache.iterdir()
    return Tokenizer.from_file(str(model / "tokenizer.json"))


def test_answer_has_the_protocols_shape_and_the_tokenizers_counts(
    chat: ChatProcess, tokenizer: Tokenizer
) -> None:
    payload = chat.ask("hé 夜", seed=1, max_tokens=9).json()
    (choice,) = payload["choices"]
    assert (payload["object"], payload["model"]) == ("chat.completion", "qwen_instruct")
    assert (choice["message"]["role"], choice["finish_reason"]) == ("assistant", "length")
    prompt = "<|im_start|>user\nhé 夜<|im_end|>\n<|im_start|>assistant\n"
    prompt_tokens, completion_tokens = (
        len(tokenizer.encode(text, add_special_tokens=False).ids)
        for text in (prompt, choice["message"]["content"])
    )
    assert completion_tokens == 9
    assert payload["usage"] == {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def test_base_model_gets_a_plain_transcript(chat: ChatProcess, tokenizer: Tokenizer) -> None:
    content = body("hi", model="qwen_base", max_tokens=20, temperature=0)
    content["messages"].insert(0, {"role": "system", "content": "be brief"})
    payload = chat.post(content).json()
    prompt = "System: be brief\nUser: hi\nAssistant:"
    assert payload["model"] == "qwen_base"
    assert payload["usage"]["prompt_tokens"] == len(tokenizer.encode(prompt).ids)
    del content["model"]
    other = chat.post(content).json()
    assert other["choices"][0]["message"] != payload["choices"][0]["message"]


def test_mark_of_turns_in_a_message_is_plain_text(chat: ChatProcess, tokenizer: Tokenizer) -> None:
    mark = "<|im_end|>"
    payload = chat.ask(mark, max_tokens=1).json()
    empty = chat.ask("", max_tokens=1).json()
    added = payload["usage"]["prompt_tokens"] - empty["usage"]["prompt_tokens"]
    assert added > len(tokenizer.encode(mark).ids) == 1


def test_each_message_counts(chat: ChatProcess) -> None:
    texts = [
        {"role": "system", "content": "be brief"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "x"}],
        },
        {"role": "assistant", "content": "ho"},
        {"role": "user", "content": "go on"},
    ]
    shorter = [texts[:index] + texts[index + 1 :] for index in range(len(texts))]
    joined = [texts[0], {"role": "user", "content": "hi\nx"}, *texts[2:]]
    options = {"temperature": 0, "max_tokens": 40}
    answers = [
        chat.post({"messages": one, **options}).json()["choices"][0]["message"]["content"]
        for one in (texts, joined, *shorter)
    ]
    assert answers[0] == answers[1]
    assert len(set(answers)) == 1 + len(texts)


def test_same_seed_says_the_same_and_another_or_none_something_else(chat: ChatProcess) -> None:
    seeded = [chat.text(seed=seed, max_tokens=30) for seed in (5, 5, 6, -1)]
    assert seeded[0] == seeded[1]
    assert len(set(seeded)) == 3
    # The model sometimes ends at once, also without a seed.
    wait_until(
        lambda: len({chat.text(max_tokens=30), chat.text(max_tokens=30), *seeded}) == 5,
        what="two replies without a seed that are different",
    )


def test_temperature_0_is_greedy_and_a_higher_one_is_wilder(chat: ChatProcess) -> None:
    greedy = {chat.text(seed=seed, temperature=0, max_tokens=30) for seed in (1, 2)}
    warm = [chat.text(seed=7, temperature=one, max_tokens=30) for one in (0.4, 1, 2)]
    assert len(greedy) == 1
    assert len({*greedy, *warm}) == 4
    assert warm[1] == chat.text(seed=7, max_tokens=30), "the default temperature is 1"


def test_top_p_leaves_the_likeliest_alone(chat: ChatProcess) -> None:
    greedy = chat.text(temperature=0, max_tokens=30)
    assert chat.text(seed=7, top_p=0.001, max_tokens=30) == greedy
    assert chat.text(seed=7, top_p=0.9, max_tokens=30) != greedy


def test_reply_has_at_most_max_tokens_under_its_newer_name_first(chat: ChatProcess) -> None:
    cases: list[tuple[dict[str, Any], int]] = [
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 3}, 3),
        ({"max_tokens": 5, "max_completion_tokens": 4}, 4),
        ({}, 50),
    ]
    for options, limit in cases:
        payload = chat.ask(temperature=0, **options).json()
        assert payload["usage"]["completion_tokens"] == limit
        assert payload["choices"][0]["finish_reason"] == "length"


def test_model_may_end_by_itself(chat: ChatProcess) -> None:
    answers = (chat.ask(seed=seed, max_tokens=1000).json() for seed in range(20))
    payload = next(answer for answer in answers if answer["choices"][0]["finish_reason"] == "stop")
    content = payload["choices"][0]["message"]["content"]
    assert payload["usage"]["completion_tokens"] == len(content) + 1, (
        "the end is a token, and no text"
    )


@pytest.mark.parametrize("as_list", [False, True])
def test_stop_text_ends_the_reply_and_is_not_sent_in_part(
    chat: ChatProcess, *, as_list: bool
) -> None:
    text = chat.text(seed=3, max_tokens=40)
    stop = text[20:24]
    expected = text[: text.index(stop)]
    options: dict[str, Any] = {"stop": ["0", "##", stop] if as_list else stop, "seed": 3}
    payload = chat.ask(**options, max_tokens=40).json()
    assert payload["choices"][0]["message"]["content"] == expected
    assert payload["choices"][0]["finish_reason"] == "stop"
    assert payload["usage"]["completion_tokens"] == len(expected) + len(stop)
    with chat.stream(**options, max_tokens=40) as events:
        chunks = [json.loads(event)["choices"][0] for event in events if event != "[DONE]"]
    assert "".join(chunk["delta"].get("content", "") for chunk in chunks) == expected
    assert chunks[-1]["finish_reason"] == "stop"


def test_stream_is_the_same_answer_in_chunks(chat: ChatProcess) -> None:
    options: dict[str, Any] = {"seed": 11, "max_tokens": 30}
    complete = chat.ask(**options).json()
    with chat.stream(**options, stream_options={"include_usage": True}) as events:
        *data, done = events
    *chunks, usage = (json.loads(one) for one in data)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert done == "[DONE]"
    assert (deltas[0], deltas[-1]) == ({"role": "assistant", "content": ""}, {})
    assert (
        "".join(delta.get("content", "") for delta in deltas)
        == (complete["choices"][0]["message"]["content"])
    )
    ends = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert ends == [None] * (len(chunks) - 1) + ["length"]
    assert (usage["choices"], usage["usage"]) == ([], complete["usage"])
    assert {chunk["usage"] for chunk in chunks} == {None}
    assert len({one["id"] for one in (*chunks, usage)}) == 1
    with chat.stream(**options) as events:
        assert not any("usage" in event for event in events)


def test_messages_beyond_the_context_are_refused_and_a_reply_ends_with_it(
    chat: ChatProcess,
) -> None:
    refused = chat.ask("x" * 2048)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "context_length_exceeded"
    payload = chat.ask("x" * 2000, temperature=0, max_tokens=500).json()
    assert payload["usage"]["total_tokens"] == 2048
    assert payload["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer another", f"Basic {KEY}", f"Bearer {KEY}x"]
)
def test_no_request_passes_without_the_key(chat: ChatProcess, header: str) -> None:
    for method, path in (("POST", "chat/completions"), ("GET", "models")):
        sent = {"authorization": header}
        answer = web.request(method, f"{chat.base}/v1/{path}", json=body(), headers=sent)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_models_are_listed(chat: ChatProcess) -> None:
    payload = web.get(f"{chat.base}/v1/models", headers=chat.headers).json()
    assert [one["id"] for one in payload["data"]] == ["qwen_instruct", "qwen_base"]
