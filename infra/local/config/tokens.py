"""Development JWTs in Supabase Auth's format, signed with the local secret."""

import time
from typing import Any

import jwt

from infra.local.config import keys

ISSUER = "http://127.0.0.1/auth/v1"
AUDIENCE = "authenticated"
DEVELOPER = "0d000000-0000-4000-8000-000000000001"
"""The default user of a token."""

LIFETIME_SECONDS = 7 * 24 * 3600


def secret() -> str:
    """Return the secret that signs and verifies the tokens."""
    return keys.secret("jwt-secret")


def user_token(
    user: str = DEVELOPER, *, is_admin: bool = False, expires_in: int = LIFETIME_SECONDS
) -> str:
    """Return the token of a signed-in user.

    Args:
        user: the user's id, a UUID.
        is_admin: whether the token has the admin role, which is valid in the local system only.
        expires_in: the lifetime in seconds.
    """
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
    """Return the anonymous API key of a public web page, without a user."""
    return _signed({"role": "anon"}, expires_in)


def _signed(claims: dict[str, Any], expires_in: int) -> str:
    now = int(time.time())
    payload = {"iss": ISSUER, "iat": now, "exp": now + expires_in, **claims}
    return jwt.encode(payload, secret(), algorithm="HS256")
