"""Users as they are kept, and as Supabase Auth tells of them."""

import json
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from infra.local.auth import errors

MAX_DATA_BYTES = 8 * 1024
"""Of a user's own data as JSON. Each request carries it in its token, in one header."""

_COLUMNS = "id, email, password, data, created_at, updated_at, last_sign_in_at"


@dataclass(frozen=True, slots=True)
class User:
    """A row of ``users``; times are Unix seconds."""

    id: str
    email: str
    password: bytes
    """Hashed."""
    data: dict[str, Any]
    """What the user says of themselves."""
    created_at: float
    updated_at: float
    last_sign_in_at: float


def insert(database: sqlite3.Connection, email: str, password: bytes, data: dict[str, Any]) -> User:
    """Insert a user, and return it.

    Raises:
        sqlite3.IntegrityError: The address is taken.
        RefusalError: The data is too large.
    """
    now = time.time()
    user = User(str(uuid4()), email, password, data, now, now, now)
    values = (user.id, email, password, _serialize(data), now, now, now)
    database.execute(f"insert into users ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608
    return user


def by_email(database: sqlite3.Connection, email: str) -> User | None:
    """Whose address it is."""
    query = f"select {_COLUMNS} from users where email = ?"  # noqa: S608 - of names of ours
    return _user(database.execute(query, (email,)).fetchone())


def by_id(database: sqlite3.Connection, user_id: str) -> User | None:
    """The user."""
    query = f"select {_COLUMNS} from users where id = ?"  # noqa: S608 - of names of ours
    return _user(database.execute(query, (user_id,)).fetchone())


def signed_in(database: sqlite3.Connection, user_id: str) -> None:
    """Remember when."""
    values = (time.time(), user_id)
    database.execute("update users set last_sign_in_at = ? where id = ?", values)


def change(
    database: sqlite3.Connection, user: User, *, password: bytes | None, data: dict[str, Any]
) -> None:
    """Set the user's password, where one is given, and merge the data into what is stored.

    Raises:
        RefusalError: The merged data is too large.
    """
    kept = {name: value for name, value in {**user.data, **data}.items() if value is not None}
    values = (password or user.password, _serialize(kept), time.time(), user.id)
    database.execute("update users set password = ?, data = ?, updated_at = ? where id = ?", values)


def app_metadata() -> dict[str, Any]:
    """What the issuer says of every user: nobody becomes an admin by signing up."""
    return {"provider": "email", "providers": ["email"]}


def user_metadata(user: User) -> dict[str, Any]:
    """What a token says of a user in their own words, and the address that they have shown."""
    return {**user.data, "email": user.email, "email_verified": True, "sub": user.id}


def to_response(user: User) -> dict[str, Any]:
    """A user, as clients read one."""
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
