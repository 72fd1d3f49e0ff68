"""What the gates' tests say, and what comes of it: the drill's words, which are harmless."""

from typing import Any

import httpx

from tests.support.local_system import LocalSystem, UserClient

ONE, OTHER = "zorpel", "blimsen"
"""Harmless words, each of which may be said; together the rules refuse them."""

FIRST_SLOWDOWN = 600


def decisions(system: LocalSystem, person: UserClient) -> list[dict[str, Any]]:
    """What was refused to a user, oldest first."""
    query = "select * from safety_decisions where user_id = %s order by created_at"
    return system.rows(query, person.id)


def refused(answer: httpx.Response, category: str) -> dict[str, Any]:
    """The answer of a gate, without a word of what was refused."""
    assert (answer.status_code, answer.json()["code"]) == (422, "content_refused"), answer.text
    assert answer.json()["details"][0]["message"] == category
    assert ONE not in answer.text
    assert OTHER not in answer.text
    payload: dict[str, Any] = answer.json()
    return payload
