"""Sign-in for development: tokens as Supabase Auth issues them, under the local secret."""

import time
from typing import Any

import jwt

from infra.local.config import keys

ISSUER = "http://127.0.0.1/auth/v1"
AUDIENCE = "authenticated"
DEVELOPER = "0d000000-0000-4000-8000-000000000001"
"""The user whom a token names when nobody else is asked for."""

LIFETIME_SECONDS = 7 * 24 * 3600


def secret() -> str:
    """The secret that signs and checks the tokens."""
    return keys.secret("jwt-secret")


def user_token(
    user: str = DEVELOPER, *, is_admin: bool = False, expires_in: int = LIFETIME_SECONDS
) -> str:
    """The token of a signed-in user, a UUID; an admin's counts in the local system alone."""
    app_metadata: dict[str, Any] = {"provider": "email", "providers": ["email"]}
    if is_admin:
        app_metadata["role"] = "admin"
    claims = {
        "aud": AUDIENCE,
        "sub": user,
        "role": "authenticated",
        "email": f"{user}@example.test",
        "app_metadata": app_metadata,
        "user_metadata": {},
        "is_anonymous": False,
    }
    return _signed(claims, expires_in)


def anon_token(*, expires_in: int = LIFETIME_SECONDS) -> str:
    """The key of a client without a user, as a public web page carries it."""
    return _signed({"role": "anon"}, expires_in)


def _signed(claims: dict[str, Any], expires_in: int) -> str:
    now = int(time.time())
    whole = {"iss": ISSUER, "iat": now, "exp": now + expires_in, **claims}
    return jwt.encode(whole, secret(), algorithm="HS256")
