"""Connections to a system's database, with the role and the claims of a caller."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

import psycopg
from psycopg.rows import DictRow, dict_row

from infra.local.database import server
from shared.db.session import SERVICE_PATH
from tests.support.local_system import LocalSystem

Role: TypeAlias = Literal["service", "authenticated", "anon"]
Connection: TypeAlias = psycopg.Connection[DictRow]


@contextmanager
def connect_as(
    system: LocalSystem,
    role: Role,
    user_id: str | None = None,
    *,
    says_admin: bool = False,
    path: str = SERVICE_PATH,
) -> Iterator[Connection]:
    """Open a connection with a role; parameters are Postgres's native ``$1``.

    Args:
        system: The system whose database is opened.
        role: The caller's database role.
        user_id: The subject of the caller's token.
        says_admin: Whether the token has the claim of an admin.
        path: The search path; ``USER_PATH`` as in a user's transaction.
    """
    claims = {"sub": user_id, "role": role} if user_id else {"role": role}
    token_claims = {**claims, "app_metadata": {"role": "admin"}} if says_admin else claims
    url = server.url(system.ports()["postgres"])
    with psycopg.connect(
        url, autocommit=True, row_factory=dict_row, cursor_factory=psycopg.RawCursor
    ) as connection:
        connection.execute(
            "select set_config('request.jwt.claims', $1, false), set_config('role', $2, false),"
            " set_config('search_path', $3, false)",
            [json.dumps(token_claims), role, path],
        )
        yield connection
