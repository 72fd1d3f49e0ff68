"""Who may act as the functions: logins that own nothing and inherit nothing."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

MEMBER_OF = ("service", "authenticated", "anon")


def grant_roles(url: str, logins: Sequence[str]) -> None:
    """Let each login take on one of the three roles in a transaction.

    The cloud makes the logins, one for each function's account. Doing it again changes nothing.
    """
    members = sql.SQL(", ").join(map(sql.Identifier, MEMBER_OF))
    with psycopg.connect(url) as connection:
        for login in logins:
            grant = sql.SQL("grant {} to {} with inherit false, set true")
            connection.execute(grant.format(members, sql.Identifier(login)))
