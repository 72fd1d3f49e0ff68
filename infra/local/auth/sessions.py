"""Sessions: access tokens for an hour, and refresh tokens that are used once.

Only the hashes of refresh tokens are stored. A token that is used again within 10 seconds comes
from a client that lost the response, or from a second tab. Later it may be stolen, so the session
ends.
"""

import hashlib
import secrets
import sqlite3
import time
from typing import Any, NamedTuple
from uuid import uuid4

import jwt

from infra.local.auth import errors, users
from infra.local.auth.users import User
from infra.local.config import tokens
from shared.auth.tokens import decode_with_any_key

LIFETIME_SECONDS = 3600
REUSE_SECONDS = 10
"""Supabase Auth's default."""


class SessionRef(NamedTuple):
    """The user and the session of a token."""

    user_id: str
    session_id: str


def begin(database: sqlite3.Connection, user: User) -> dict[str, Any]:
    """Start a session and return it in the format of the API."""
    session_id = str(uuid4())
    values = (session_id, user.id, time.time())
    database.execute("insert into sessions (id, user_id, created_at) values (?, ?, ?)", values)
    return _token_response(database, user, session_id)


def refresh(database: sqlite3.Connection, token: str) -> dict[str, Any] | None:
    """Return the session with new tokens; end it and return None if the token was used before.

    Raises:
        AuthError: there is no such token.
    """
    row = database.execute(
        "select session_id, user_id, used_at from refresh_tokens"
        " join sessions on sessions.id = session_id where hash = ?",
        (_hash(token),),
    ).fetchone()
    user = users.by_id(database, row[1]) if row else None
    if user is None:
        raise errors.unknown_refresh_token()
    session_id, _, used_at = row
    now = time.time()
    if used_at is not None and now > used_at + REUSE_SECONDS:
        database.execute("delete from sessions where id = ?", (session_id,))
        return None
    if used_at is None:
        values = (now, _hash(token))
        database.execute("update refresh_tokens set used_at = ? where hash = ?", values)
    return _token_response(database, user, session_id)


def end(database: sqlite3.Connection, bearer: SessionRef, scope: str) -> None:
    """End sessions: ``local`` this one, ``others`` all but this one, ``global`` all."""
    condition = {
        "local": "id = :session",
        "others": "user_id = :user and id <> :session",
        "global": "user_id = :user",
    }[scope]
    values = {"session": bearer.session_id, "user": bearer.user_id}
    database.execute(f"delete from sessions where {condition}", values)  # noqa: S608 - one of three constants


def is_open(database: sqlite3.Connection, bearer: SessionRef) -> bool:
    """Return whether the session exists: an access token may outlive it."""
    values = (bearer.session_id, bearer.user_id)
    query = "select 1 from sessions where id = ? and user_id = ?"
    return database.execute(query, values).fetchone() is not None


def bearer_of(authorization: str) -> SessionRef:
    """Return the user and the session of an Authorization header.

    Raises:
        AuthError: the header has no valid token of this issuer.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        message = "This endpoint requires a valid Bearer token"
        raise errors.AuthError(401, "no_authorization", message)
    try:
        claims = decode_with_any_key(
            token,
            [tokens.secret()],
            algorithms=["HS256"],
            audience=tokens.AUDIENCE,
            issuer=tokens.ISSUER,
            options={"require": ["exp", "sub", "aud", "iss"]},
        )
    except jwt.PyJWTError as error:
        message = f"invalid JWT: {type(error).__name__}"
        raise errors.AuthError(403, "bad_jwt", message) from None
    return SessionRef(claims["sub"], str(claims.get("session_id", "")))


def _token_response(database: sqlite3.Connection, user: User, session_id: str) -> dict[str, Any]:
    refresh_token = secrets.token_urlsafe(24)
    values = (_hash(refresh_token), session_id)
    database.execute("insert into refresh_tokens (hash, session_id) values (?, ?)", values)
    now = int(time.time())
    return {
        "access_token": _access_token(user, session_id, now),
        "token_type": "bearer",
        "expires_in": LIFETIME_SECONDS,
        "expires_at": now + LIFETIME_SECONDS,
        "refresh_token": refresh_token,
        "user": users.to_response(user),
    }


def _access_token(user: User, session_id: str, now: int) -> str:
    claims = {
        "iss": tokens.ISSUER,
        "aud": tokens.AUDIENCE,
        "sub": user.id,
        "role": "authenticated",
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "email": user.email,
        "phone": "",
        "app_metadata": users.app_metadata(),
        "user_metadata": users.user_metadata(user),
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": now}],
        "session_id": session_id,
        "is_anonymous": False,
    }
    return jwt.encode(claims, tokens.secret(), algorithm="HS256")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
