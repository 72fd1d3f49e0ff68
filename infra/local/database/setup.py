"""Create, migrate and prepare the database for the functions."""

from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from infra.database.migrate import OldDatabaseError, migrate
from infra.local.config import keys
from infra.local.database import server
from infra.local.errors import LocalSystemError

ROLE = "functions"
_MEMBER_OF = ("service", "authenticated", "anon")


class BadDatabaseError(LocalSystemError):
    """The database cannot be used."""


def prepare(admin_url: str, *, make: bool) -> str:
    """Migrate the database and return the URL that the functions use.

    Args:
        admin_url: the URL of a superuser.
        make: whether to create the database first.

    Raises:
        BadDatabaseError: the server returned an error, or the tables are too old.
    """
    try:
        if make:
            _create(urlunsplit(urlsplit(admin_url)._replace(path="/postgres")))
        migrate(admin_url)
        with psycopg.connect(admin_url) as connection:
            _grant_login(connection)
            _clear_workers(connection)
    except OldDatabaseError:
        error = OldDatabaseError("python -m infra.local export-library")
        raise BadDatabaseError(str(error)) from None
    except psycopg.OperationalError as error:
        raise BadDatabaseError(f"the database returned an error: {error}") from error
    return functions_url(admin_url)


def functions_url(admin_url: str) -> str:
    """Return the URL of the same database with the functions' role."""
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    password = quote(keys.secret("postgres-functions"))
    return urlunsplit(parts._replace(netloc=f"{ROLE}:{password}@{host}"))


def is_up(port: int) -> bool:
    """Return whether the embedded server accepts connections.

    Raises:
        BadDatabaseError: the password is wrong.
    """
    try:
        psycopg.connect(server.url(port, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise BadDatabaseError(
                "the database was created with other keys than those in .local/keys: "
                "`python -m infra.local reset` starts afresh"
            ) from error
        return False
    return True


def _create(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        query = "select from pg_database where datname = %s"
        if connection.execute(query, [server.DATABASE]).fetchone() is None:
            name = sql.Identifier(server.DATABASE)
            connection.execute(sql.SQL("create database {}").format(name))


def _grant_login(connection: psycopg.Connection) -> None:
    """Create a login without privileges; each transaction sets one of its three roles."""
    # Roles are global to the server: the lock protects against two systems on one server.
    connection.execute("select pg_advisory_xact_lock(hashtext(%s))", [ROLE])
    role = sql.Identifier(ROLE)
    query = "select from pg_roles where rolname = %s"
    if connection.execute(query, [ROLE]).fetchone() is None:
        connection.execute(sql.SQL("create role {} login noinherit").format(role))
    password = sql.Literal(keys.secret("postgres-functions"))
    connection.execute(sql.SQL("alter role {} login noinherit password {}").format(role, password))
    members = sql.SQL(", ").join(map(sql.Identifier, _MEMBER_OF))
    connection.execute(sql.SQL("grant {} to {}").format(members, role))


def _clear_workers(connection: psycopg.Connection) -> None:
    """Deactivate the last run's workers, whose ports may be reused; ours register again."""
    connection.execute("set local role service")
    connection.execute(
        "update workers set is_active = false where worker_url like 'http://127.0.0.1:%'"
    )
