"""Development tokens of the local system."""

import subprocess
import sys
from typing import Any
from uuid import UUID

import jwt
import pytest

from infra.local.config import tokens

USER_ID = "11111111-2222-4333-8444-555555555555"


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        tokens.secret(),
        algorithms=["HS256"],
        audience=tokens.AUDIENCE,
        issuer=tokens.ISSUER,
        options={"require": ["exp", "iat", "sub", "aud", "iss"]},
    )
    return claims


def test_a_users_token_has_what_supabase_auth_writes() -> None:
    claims = claims_of(tokens.user_token(USER_ID))

    assert claims["sub"] == USER_ID
    assert claims["role"] == "authenticated"
    assert "role" not in claims["app_metadata"]


def test_without_a_name_it_is_the_one_developer() -> None:
    assert UUID(claims_of(tokens.user_token())["sub"]) == UUID(tokens.DEVELOPER)


def test_an_admins_token_says_so_where_only_the_server_writes() -> None:
    claims = claims_of(tokens.user_token(is_admin=True))

    assert claims["app_metadata"]["role"] == "admin"
    assert claims["user_metadata"] == {}


def test_an_anonymous_token_has_no_user() -> None:
    claims = jwt.decode(tokens.anon_token(), tokens.secret(), algorithms=["HS256"])

    assert claims["role"] == "anon"
    assert "sub" not in claims


def test_a_token_expires_as_requested() -> None:
    with pytest.raises(jwt.ExpiredSignatureError):
        claims_of(tokens.user_token(expires_in=-1))


def test_the_command_prints_one_token_on_one_line() -> None:
    words = ["token", "--user", USER_ID, "--admin", "--expires-in", "3600"]
    printed = subprocess.run(
        [sys.executable, "-m", "infra.local", *words], capture_output=True, text=True, check=True
    ).stdout

    assert printed.count("\n") == 1
    claims = claims_of(printed.strip())
    assert (claims["sub"], claims["app_metadata"]["role"]) == (USER_ID, "admin")
    assert claims["exp"] - claims["iat"] == 3600
