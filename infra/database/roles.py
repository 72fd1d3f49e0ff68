"""Grant the application roles to logins, which have no privileges of their own."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

MEMBER_OF = ("service", "authenticated", "anon")


def grant_roles(url: str, logins: Sequence[str]) -> None:
    """Allow each login to set one of the three roles in a transaction. Safe to repeat.

    Args:
        url: the database's URL, as the owner of the roles.
        logins: existing logins; in the cloud one for each function's account.
    """
    members = sql.SQL(", ").join(map(sql.Identifier, MEMBER_OF))
    with psycopg.connect(url) as connection:
        for login in logins:
            grant = sql.SQL("grant {} to {} with inherit false, set true")
            connection.execute(grant.format(members, sql.Identifier(login)))
