"""Sessions of the local system: how they are refreshed and how they end."""

import sqlite3
from contextlib import closing
from uuid import uuid4

import jwt
import pytest

from infra.local.config import tokens
from tests.integration.auth.auth_client import Visitor, refused
from tests.support.local_system import LocalSystem


@pytest.fixture
def safety_user(bare: LocalSystem) -> Visitor:
    return Visitor(bare)


def test_a_refresh_token_is_used_once(safety_user: Visitor) -> None:
    first = safety_user.sign_up()
    second = safety_user.good(safety_user.refresh(first))
    assert second["refresh_token"] != first["refresh_token"]
    assert second["user"]["id"] == first["user"]["id"]
    # A client that lost the response retries at once.
    third = safety_user.good(safety_user.refresh(first))
    assert third["refresh_token"] not in {first["refresh_token"], second["refresh_token"]}

    _later(safety_user.system, seconds=11)
    refused(safety_user.refresh(first), 400, "refresh_token_already_used")
    # Reuse of a token ends the session, for the thief and for its user.
    for session in (second, third):
        refused(safety_user.refresh(session), 400, "refresh_token_not_found")
    refused(safety_user.user(second), 403, "session_not_found")
    assert safety_user.sign_in().status_code == 200


def test_an_unknown_refresh_token_is_refused(safety_user: Visitor) -> None:
    session = safety_user.sign_up()
    for token in ("", "x" * 32, session["access_token"], session["refresh_token"][:-1]):
        refused(safety_user.refresh({"refresh_token": token}), 400, "refresh_token_not_found")


@pytest.mark.parametrize(
    ("scope", "this", "other"), [("local", 403, 200), ("others", 200, 403), ("global", 403, 403)]
)
def test_signing_out_ends_the_sessions_it_says(
    safety_user: Visitor, scope: str, this: int, other: int
) -> None:
    sessions = [safety_user.sign_up(), safety_user.good(safety_user.sign_in())]
    other_user = Visitor(safety_user.system)
    theirs = other_user.sign_up()
    answer = safety_user.post(f"logout?scope={scope}", token=sessions[0]["access_token"])
    assert (answer.status_code, answer.content) == (204, b"")
    assert [safety_user.user(session).status_code for session in sessions] == [this, other]
    assert [safety_user.refresh(session).status_code for session in sessions] == [
        {403: 400}.get(one, one) for one in (this, other)
    ]
    assert other_user.user(theirs).status_code == 200


def test_users_change_their_password_and_what_they_say_of_themselves(safety_user: Visitor) -> None:
    session = safety_user.sign_up(name="Ann", colour="red")
    other = safety_user.good(safety_user.sign_in())
    token = session["access_token"]
    body = {"password": "another horse", "data": {"colour": None, "city": "Rome"}}
    user = safety_user.good(safety_user.ask("PUT", "user", token, json=body))
    metadata = user["user_metadata"]
    assert (metadata["name"], metadata["city"], "colour" in metadata) == ("Ann", "Rome", False)
    refused(safety_user.sign_in(), 400, "invalid_credentials")
    assert safety_user.sign_in("another horse").status_code == 200
    assert safety_user.user(session).status_code == 200
    refused(safety_user.user(other), 403, "session_not_found")
    refused(safety_user.ask("PUT", "user", token, json={"password": "x"}), 422, "weak_password")
    moved = safety_user.ask("PUT", "user", token, json={"email": "b@example.test"})
    refused(moved, 400, "validation_failed")


@pytest.mark.parametrize("path", ["user", "logout"])
def test_a_credential_is_needed(safety_user: Visitor, path: str) -> None:
    method = {"user": "GET", "logout": "POST"}[path]
    refused(safety_user.ask(method, path), 401, "no_authorization")
    forged = jwt.encode({"sub": str(uuid4()), "exp": 2**33}, "x" * 64)
    for token in ("x", forged, tokens.anon_token()):
        refused(safety_user.ask(method, path, token), 403, "bad_jwt")
    refused(safety_user.ask(method, path, tokens.user_token()), 403, "session_not_found")


def _later(system: LocalSystem, *, seconds: int) -> None:
    """Make the used refresh tokens older by this many seconds."""
    with closing(sqlite3.connect(system.data / "auth.sqlite3")) as database, database:
        database.execute("update refresh_tokens set used_at = used_at - ?", (seconds,))
