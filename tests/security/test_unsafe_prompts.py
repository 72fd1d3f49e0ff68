"""Unsafe prompts, however disguised, at the enhancer and every other endpoint."""

from collections.abc import Callable

import httpx
import pytest

from shared.safety import refused_category
from tests.security import obfuscation
from tests.security.obfuscation import Disguised
from tests.security.tally import Corpora, Tally
from tests.support.fake_chat_server import ChatServer, reply
from tests.support.local_system import LocalSystem, UserClient
from tests.support.safety_drill import ONE, OTHER, decisions

pytest_plugins = ["tests.support.safety_fixtures"]

FOX = "a red fox in the snow"
SHORT_WAYS = ("plain", "capitals", "leetspeak", "pieces", "signs", "Cyrillic", "a tag inside")
"""Obfuscations short enough to survive an enhancement, which is cut at a number of tokens."""

ENDPOINTS: dict[str, Callable[[UserClient, str], httpx.Response]] = {
    "prompt": lambda person, text: person.post_job(text),
    "enhanced prompt": lambda person, text: person.post_job("a hill", enhanced_prompt=text),
    "enhance-prompt": lambda person, text: person.invoke("enhance-prompt", {"prompt": text}),
    "chat": lambda person, text: person.invoke("playground-chat", {"message": text}),
}


def _is_refused(answer: httpx.Response) -> bool:
    return answer.status_code == 422 and answer.json()["code"] == "content_refused"


def _count(tally: Tally, what: str, answer: httpx.Response) -> None:
    if answer.is_server_error:
        tally.answered(what, answer, ())
    else:
        tally.refused(f"{what}: {answer.status_code}", is_refused=_is_refused(answer))


def test_no_disguised_prompt_passes_any_endpoint(
    safety_system: LocalSystem, corpora: Corpora, tally: Tally
) -> None:
    chance, count = corpora.chance("unsafe prompts"), corpora.size(600, short=36)
    names = list(ENDPOINTS)
    for number, obfuscated in enumerate(obfuscation.make(chance, count)):
        endpoint = names[number % len(names)]
        person = UserClient(
            safety_system
        )  # a new user each time: repeated refusals throttle a user
        _count(
            tally, f"{endpoint}, {obfuscated.ways}", ENDPOINTS[endpoint](person, obfuscated.text)
        )
        rows = decisions(safety_system, person)
        tally.refused(
            "no row is kept", is_refused=[row["categories"] for row in rows] == [["drill"]]
        )


def test_no_disguise_is_missed_by_the_rules(corpora: Corpora, tally: Tally) -> None:
    obfuscated = obfuscation.make(corpora.chance("disguises"), corpora.size(20_000, short=1000))
    for sample in obfuscated:
        tally.refused(sample.ways, is_refused=refused_category(sample.text) == "drill")


def test_nothing_unsafe_comes_through_the_enhancer(
    safety_system: LocalSystem, chat: ChatServer, corpora: Corpora, tally: Tally
) -> None:
    chance, count = corpora.chance("enhancer"), corpora.size(200, short=8)
    for number in range(count):
        way = SHORT_WAYS[number % len(SHORT_WAYS)]
        unsafe = (
            f"{FOX}, {obfuscation.WAYS[way](ONE, chance)} {obfuscation.WAYS[way](OTHER, chance)}"
        )
        chat.behave = reply(*(f"{word} " for word in unsafe.split(" ")))
        person = UserClient(safety_system)
        if number % 2:
            answer = person.invoke("enhance-prompt", {"prompt": FOX})
        else:
            answer = person.post_job(FOX, user_requested_enhancement=True)
        _count(tally, way, answer)
        tally.refused("a job is stored", is_refused=person.rows("jobs") == [])


def test_no_unsafe_reply_of_a_model_is_sent(
    safety_system: LocalSystem, chat: ChatServer, corpora: Corpora, tally: Tally
) -> None:
    chance, count = corpora.chance("answers"), corpora.size(200, short=8)
    for obfuscated in obfuscation.make(chance, count):
        pieces = [obfuscated.text[place : place + 3] for place in range(0, len(obfuscated.text), 3)]
        chat.behave = reply(*pieces)
        person = UserClient(safety_system)
        answer = person.invoke("playground-chat", {"message": "go on"}, accept="text/event-stream")
        is_ended = '"code":"content_refused"' in answer.text and "event: done" not in answer.text
        tally.refused(obfuscated.ways, is_refused=is_ended)
        stored = [row["content"] for row in person.rows("messages", sender="eq.assistant")]
        tally.refused(
            "it is stored", is_refused=stored == ["This reply was refused by the safety rules."]
        )


@pytest.mark.parametrize("way", obfuscation.WAYS)
def test_each_half_alone_is_harmless_in_that_way(corpora: Corpora, way: str) -> None:
    """Without this, the refusals would prove nothing about the two words together."""
    chance = corpora.chance("halves")
    for word in (ONE, OTHER):
        assert refused_category(f"a {obfuscation.WAYS[way](word, chance)} in the rain") is None


def test_the_corpus_holds_every_way(corpora: Corpora) -> None:
    obfuscated: list[Disguised] = obfuscation.make(
        corpora.chance("disguises"), len(obfuscation.WAYS)
    )
    assert {sample.ways.split(", ")[0] for sample in obfuscated} == set(obfuscation.WAYS)
