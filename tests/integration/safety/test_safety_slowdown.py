"""Whoever is refused again and again waits, for as long as it is told."""

from typing import Any

import pytest

from tests.support.local_system import Person, System
from tests.support.safety_drill import FIRST_SLOWDOWN, ONE, OTHER, refused

pytest_plugins = ["tests.support.safety_fixtures"]

BOTH = f"a {ONE} beside a {OTHER}"
HARMLESS = f"a {ONE} in the rain"


def test_repeated_refusals_slow_the_account_down_for_as_long_as_it_is_told(
    gated: System, visitor: Person
) -> None:
    for _ in range(3):
        refused(visitor.ask(BOTH), "drill")
    seconds = _slowed(visitor)
    assert seconds <= FIRST_SLOWDOWN
    _wait(gated, visitor, seconds - 60)
    assert _slowed(visitor) <= 61
    _wait(gated, visitor, 60)
    assert visitor.ask(HARMLESS).status_code == 202
    assert Person(gated).ask(HARMLESS).status_code == 202, "others never were"


@pytest.mark.parametrize(("times", "doubled"), [(3, 0), (4, 1), (5, 2), (40, 17)])
def test_it_doubles_with_each_refusal_up_to_a_day(
    gated: System, visitor: Person, times: int, doubled: int
) -> None:
    _refuse(gated, visitor, "prompt", ["drill"], times=times)
    longest = min(FIRST_SLOWDOWN * 2**doubled, 24 * 3600)
    assert longest / 2 < _slowed(visitor) <= longest


def test_those_of_the_day_count_once_there_are_several_again(
    gated: System, visitor: Person
) -> None:
    _refuse(gated, visitor, "prompt", ["drill"], times=4, ago="3 hours")
    _refuse(gated, visitor, "prompt", ["drill"], times=2)
    assert visitor.ask(HARMLESS).status_code == 202
    _refuse(gated, visitor, "prompt", ["drill"], times=1)
    assert FIRST_SLOWDOWN * 8 < _slowed(visitor) <= FIRST_SLOWDOWN * 16


@pytest.mark.parametrize("function", ["queue-job", "enhance-prompt", "playground-chat"])
def test_whoever_is_slowed_down_is_so_at_every_gate(
    gated: System, visitor: Person, function: str
) -> None:
    _refuse(gated, visitor, "prompt", ["drill"], times=9)
    bodies: dict[str, Any] = {
        "queue-job": {"jobType": "sdxl_image_fast", "metadata": {"prompt": HARMLESS}},
        "enhance-prompt": {"prompt": HARMLESS},
        "playground-chat": {"message": HARMLESS},
    }
    assert visitor.call(function, bodies[function]).status_code == 429


@pytest.mark.parametrize(
    ("place", "categories", "ago"),
    [
        ("output", ["nsfw"], "0"),
        ("answer", ["drill"], "0"),
        ("prompt", ["nsfw"], "0"),
        ("prompt", ["drill"], "3 days"),
    ],
)
def test_not_every_refusal_counts(
    gated: System, visitor: Person, place: str, categories: list[str], ago: str
) -> None:
    _refuse(gated, visitor, place, categories, times=9, ago=ago)
    assert visitor.ask(HARMLESS).status_code == 202


def _slowed(person: Person) -> int:
    """How long the person is told to wait."""
    answer = person.ask(HARMLESS)
    assert (answer.status_code, answer.json()["code"]) == (429, "slowed_down"), answer.text
    return int(answer.headers["retry-after"])


def _wait(system: System, person: Person, seconds: float) -> None:
    """What was refused was so many seconds earlier."""
    with system.database() as connection:
        connection.execute(
            "update safety_decisions set created_at = created_at - make_interval(secs => %s)"
            " where user_id = %s",
            [seconds, person.id],
        )


def _refuse(
    system: System, person: Person, place: str, categories: list[str], *, times: int, ago: str = "0"
) -> None:
    with system.database() as connection:
        connection.execute(
            "insert into safety_decisions (user_id, place, rule_version, categories, prompt_hash,"
            " outcome, created_at) select %s, %s, '1', %s, '\\x00', 'refused',"
            " now() - %s::interval from generate_series(1, %s)",
            [person.id, place, categories, ago, times],
        )
