"""Users: the table, and their representation in Supabase Auth's API."""

import json
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from infra.local.auth import errors

MAX_DATA_BYTES = 8 * 1024
"""The maximum size of a user's data as JSON. Each request carries it in a token's header."""

_COLUMNS = "id, email, password, data, created_at, updated_at, last_sign_in_at"


@dataclass(frozen=True, slots=True)
class User:
    """A row of ``users``; times are Unix seconds."""

    id: str
    email: str
    password: bytes
    """The salt and the hash."""
    data: dict[str, Any]
    """The user's metadata."""
    created_at: float
    updated_at: float
    last_sign_in_at: float


def insert(database: sqlite3.Connection, email: str, password: bytes, data: dict[str, Any]) -> User:
    """Insert a user and return it.

    Raises:
        sqlite3.IntegrityError: The email address exists.
        AuthError: The data is too large.
    """
    now = time.time()
    user = User(str(uuid4()), email, password, data, now, now, now)
    values = (user.id, email, password, _serialize(data), now, now, now)
    database.execute(f"insert into users ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608
    return user


def by_email(database: sqlite3.Connection, email: str) -> User | None:
    """Return the user with an email address, or None."""
    query = f"select {_COLUMNS} from users where email = ?"  # noqa: S608 - constant names
    return _user(database.execute(query, (email,)).fetchone())


def by_id(database: sqlite3.Connection, user_id: str) -> User | None:
    """Return the user with an id, or None."""
    query = f"select {_COLUMNS} from users where id = ?"  # noqa: S608 - constant names
    return _user(database.execute(query, (user_id,)).fetchone())


def signed_in(database: sqlite3.Connection, user_id: str) -> None:
    """Set the time of a user's last sign-in."""
    values = (time.time(), user_id)
    database.execute("update users set last_sign_in_at = ? where id = ?", values)


def change(
    database: sqlite3.Connection, user: User, *, password: bytes | None, data: dict[str, Any]
) -> None:
    """Set a user's password hash, if one is given, and merge data into the user's data.

    Raises:
        AuthError: The merged data is too large.
    """
    merged = {name: value for name, value in {**user.data, **data}.items() if value is not None}
    values = (password or user.password, _serialize(merged), time.time(), user.id)
    database.execute("update users set password = ?, data = ?, updated_at = ? where id = ?", values)


def app_metadata() -> dict[str, Any]:
    """Return the issuer's metadata, the same for every user: sign-up makes no admin."""
    return {"provider": "email", "providers": ["email"]}


def user_metadata(user: User) -> dict[str, Any]:
    """Return a user's data with their verified email address and id."""
    return {**user.data, "email": user.email, "email_verified": True, "sub": user.id}


def to_response(user: User) -> dict[str, Any]:
    """Return a user in the format of the API."""
    created, updated = _when(user.created_at), _when(user.updated_at)
    times = {"created_at": created, "updated_at": updated}
    identity = {
        "identity_id": user.id,
        "id": user.id,
        "user_id": user.id,
        "identity_data": {"email": user.email, "email_verified": True, "sub": user.id},
        "provider": "email",
        "email": user.email,
        "last_sign_in_at": _when(user.last_sign_in_at),
        **times,
    }
    return {
        "id": user.id,
        "aud": "authenticated",
        "role": "authenticated",
        "email": user.email,
        "phone": "",
        "email_confirmed_at": created,
        "confirmed_at": created,
        "last_sign_in_at": _when(user.last_sign_in_at),
        "app_metadata": app_metadata(),
        "user_metadata": user_metadata(user),
        "identities": [identity],
        "is_anonymous": False,
        **times,
    }


def _serialize(data: dict[str, Any]) -> str:
    text = json.dumps(data, allow_nan=False)
    if len(text) > MAX_DATA_BYTES:
        raise errors.invalid(f"User data must not be larger than {MAX_DATA_BYTES:,} bytes")
    return text


def _user(row: tuple[Any, ...] | None) -> User | None:
    if row is None:
        return None
    user_id, email, password, data, *times = row
    return User(user_id, email, password, json.loads(data), *times)


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
