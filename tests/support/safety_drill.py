"""Harmless words that the safety rules refuse in combination, and checks of the refusals."""

from typing import Any

import httpx

from tests.support.local_system import LocalSystem, UserClient

ONE, OTHER = "zorpel", "blimsen"
"""Harmless words, each of which is allowed; the rules refuse them together."""

FIRST_SLOWDOWN = 600


def decisions(system: LocalSystem, person: UserClient) -> list[dict[str, Any]]:
    """The decisions about a user's content, oldest first."""
    query = "select * from safety_decisions where user_id = %s order by created_at"
    return system.rows(query, person.id)


def refused(answer: httpx.Response, category: str) -> dict[str, Any]:
    """Check a refusal by a content check and return its body, which contains none of the words."""
    assert (answer.status_code, answer.json()["code"]) == (422, "content_refused"), answer.text
    assert answer.json()["details"][0]["message"] == category
    assert ONE not in answer.text
    assert OTHER not in answer.text
    payload: dict[str, Any] = answer.json()
    return payload
