"""From a running server to a database that the functions can use."""

from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from infra.database.migrate import migrate
from infra.local.config import keys
from infra.local.database import server
from infra.local.errors import LocalSystemError

ROLE = "functions"
_MEMBER_OF = ("service", "authenticated", "anon")


class BadDatabaseError(LocalSystemError):
    """The database cannot be used."""


def prepare(admin_url: str, *, make: bool) -> str:
    """Make the database if asked, migrate it, and return the address that the functions use."""
    try:
        if make:
            _create(urlunsplit(urlsplit(admin_url)._replace(path="/postgres")))
        migrate(admin_url)
        with psycopg.connect(admin_url) as connection:
            _grant_login(connection)
            _clear_workers(connection)
    except psycopg.OperationalError as error:
        raise BadDatabaseError(f"the database answers: {error}") from error
    return functions_url(admin_url)


def functions_url(admin_url: str) -> str:
    """The same database, as the role that the functions connect as."""
    parts = urlsplit(admin_url)
    place = parts.netloc.rpartition("@")[2]
    password = quote(keys.secret("postgres-functions"))
    return urlunsplit(parts._replace(netloc=f"{ROLE}:{password}@{place}"))


def is_up(port: int) -> bool:
    """Whether the embedded server takes connections; a wrong password is an error of its own."""
    try:
        psycopg.connect(server.url(port, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise BadDatabaseError(
                "the database was made with other keys than those in .local/keys: "
                "`python -m infra.local reset` starts afresh"
            ) from error
        return False
    return True


def _create(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        known = "select from pg_database where datname = %s"
        if connection.execute(known, [server.DATABASE]).fetchone() is None:
            name = sql.Identifier(server.DATABASE)
            connection.execute(sql.SQL("create database {}").format(name))


def _grant_login(connection: psycopg.Connection) -> None:
    """A login without rights of its own: it takes on one of its three roles in a transaction."""
    # Roles belong to the whole server: two systems on one of them would change it at once.
    connection.execute("select pg_advisory_xact_lock(hashtext(%s))", [ROLE])
    role = sql.Identifier(ROLE)
    known = "select from pg_roles where rolname = %s"
    if connection.execute(known, [ROLE]).fetchone() is None:
        connection.execute(sql.SQL("create role {} login noinherit").format(role))
    password = sql.Literal(keys.secret("postgres-functions"))
    connection.execute(sql.SQL("alter role {} login noinherit password {}").format(role, password))
    members = sql.SQL(", ").join(map(sql.Identifier, _MEMBER_OF))
    connection.execute(sql.SQL("grant {} to {}").format(members, role))


def _clear_workers(connection: psycopg.Connection) -> None:
    """The last run's are gone, and one of another kind may get their port; ours register anew."""
    connection.execute("set local role service")
    connection.execute(
        "update workers set is_active = false where worker_url like 'http://127.0.0.1:%'"
    )
