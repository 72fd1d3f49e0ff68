"""Accounts with repeated refusals are throttled, for the time that Retry-After gives."""

from typing import Any

import pytest

from tests.support.local_system import LocalSystem, UserClient
from tests.support.safety_drill import FIRST_SLOWDOWN, ONE, OTHER, refused

pytest_plugins = ["tests.support.safety_fixtures"]

BOTH = f"a {ONE} beside a {OTHER}"
HARMLESS = f"a {ONE} in the rain"


def test_repeated_refusals_throttle_the_account_for_retry_after(
    safety_system: LocalSystem, safety_user: UserClient
) -> None:
    for _ in range(3):
        refused(safety_user.post_job(BOTH), "drill")
    seconds = _slowed(safety_user)
    assert seconds <= FIRST_SLOWDOWN
    _wait(safety_system, safety_user, seconds - 60)
    assert _slowed(safety_user) <= 61
    _wait(safety_system, safety_user, 60)
    assert safety_user.post_job(HARMLESS).status_code == 202
    assert UserClient(safety_system).post_job(HARMLESS).status_code == 202, "others never were"


@pytest.mark.parametrize(("times", "doubled"), [(3, 0), (4, 1), (5, 2), (40, 17)])
def test_it_doubles_with_each_refusal_up_to_a_day(
    safety_system: LocalSystem, safety_user: UserClient, times: int, doubled: int
) -> None:
    _refuse(safety_system, safety_user, "prompt", ["drill"], times=times)
    longest = min(FIRST_SLOWDOWN * 2**doubled, 24 * 3600)
    assert longest / 2 < _slowed(safety_user) <= longest


def test_those_of_the_day_count_once_there_are_several_again(
    safety_system: LocalSystem, safety_user: UserClient
) -> None:
    _refuse(safety_system, safety_user, "prompt", ["drill"], times=4, ago="3 hours")
    _refuse(safety_system, safety_user, "prompt", ["drill"], times=2)
    assert safety_user.post_job(HARMLESS).status_code == 202
    _refuse(safety_system, safety_user, "prompt", ["drill"], times=1)
    assert FIRST_SLOWDOWN * 8 < _slowed(safety_user) <= FIRST_SLOWDOWN * 16


@pytest.mark.parametrize("function", ["queue-job", "enhance-prompt", "playground-chat"])
def test_a_throttled_user_is_throttled_at_every_endpoint(
    safety_system: LocalSystem, safety_user: UserClient, function: str
) -> None:
    _refuse(safety_system, safety_user, "prompt", ["drill"], times=9)
    bodies: dict[str, Any] = {
        "queue-job": {"jobType": "sdxl_image_fast", "metadata": {"prompt": HARMLESS}},
        "enhance-prompt": {"prompt": HARMLESS},
        "playground-chat": {"message": HARMLESS},
    }
    assert safety_user.invoke(function, bodies[function]).status_code == 429


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
    safety_system: LocalSystem, safety_user: UserClient, place: str, categories: list[str], ago: str
) -> None:
    _refuse(safety_system, safety_user, place, categories, times=9, ago=ago)
    assert safety_user.post_job(HARMLESS).status_code == 202


def _slowed(person: UserClient) -> int:
    """The seconds that the user has to wait."""
    answer = person.post_job(HARMLESS)
    assert (answer.status_code, answer.json()["code"]) == (429, "slowed_down"), answer.text
    return int(answer.headers["retry-after"])


def _wait(system: LocalSystem, person: UserClient, seconds: float) -> None:
    """Make the user's decisions older by this many seconds."""
    with system.database() as connection:
        connection.execute(
            "update safety_decisions set created_at = created_at - make_interval(secs => %s)"
            " where user_id = %s",
            [seconds, person.id],
        )


def _refuse(
    system: LocalSystem,
    person: UserClient,
    place: str,
    categories: list[str],
    *,
    times: int,
    ago: str = "0",
) -> None:
    with system.database() as connection:
        connection.execute(
            "insert into safety_decisions (user_id, place, rule_version, categories, prompt_hash,"
            " outcome, created_at) select %s, %s, '1', %s, '\\x00', 'refused',"
            " now() - %s::interval from generate_series(1, %s)",
            [person.id, place, categories, ago, times],
        )
