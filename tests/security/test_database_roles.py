"""Database roles: each is refused statements beyond its grants, its rows and its time limits."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from infra.local.database import server
from infra.local.database.setup import functions_url
from shared.db import listener
from shared.db.pool import Role as OurRole
from shared.errors import ServiceUnavailableError
from shared.services import Services
from tests.integration.operations.schema_tables import OWNERS, ROWS, USERS_MAY
from tests.security.forbidden_statements import EVERYWHERE, statements, tables
from tests.security.tally import Tally
from tests.support.db_roles import Connection, Role, connect_as
from tests.support.local_system import LocalSystem, UserClient

ROLES: list[Role] = ["service", "authenticated", "anon"]
LIMITS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
}


@pytest.fixture(scope="module")
def owner(bare: LocalSystem) -> str:
    """A user with a row in each table that users can read."""
    values = {"user": uuid4(), "id": uuid4()}
    with bare.database() as connection:
        for statement in ROWS.values():
            connection.execute(statement.encode(), values)
    return str(values["user"])


@pytest.fixture
async def services(bare: LocalSystem) -> AsyncIterator[Services]:
    """The services of a function, with short timeouts."""
    timeouts = {"statement_timeout_ms": 100, "user_statement_timeout_ms": 100}
    own = Services(bare.settings(**timeouts, lock_timeout_ms=50))
    yield own
    await own.close()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_the_design_grants_and_nothing_else(
    bare: LocalSystem, tally: Tally, role: Role
) -> None:
    with connect_as(bare, role, str(uuid4())) as connection:
        for text in EVERYWHERE:
            tally.refused(f"{role}: {text}", is_refused=_is_refused(connection, text))
        for table in tables(bare):
            for text in statements(role, table):
                tally.refused(f"{role}: {text}", is_refused=_is_refused(connection, text))


def test_the_functions_login_may_do_nothing_by_itself(bare: LocalSystem, tally: Tally) -> None:
    url = functions_url(server.url(bare.ports()["postgres"]))
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as login:
        for text in (*EVERYWHERE, "set role postgres", "set session authorization postgres"):
            tally.refused(f"login: {text}", is_refused=_is_refused(login, text))
        for table in tables(bare):
            for text in (f"select from {table.name}", f"delete from {table.name}"):
                tally.refused(f"login: {text}", is_refused=_is_refused(login, text))


@pytest.mark.parametrize("role", ["authenticated", "anon"])
def test_a_role_reaches_no_row_of_another_user(
    bare: LocalSystem, owner: str, tally: Tally, role: Role
) -> None:
    for who in (str(uuid4()), None):
        with connect_as(bare, role, who, says_admin=True) as connection:
            for table in ROWS:
                for text in (f"select from {table}", *_changes(table)):
                    on_owner = f"{text} where {OWNERS[table]} = '{owner}'"
                    tally.refused(f"{role}: {text}", is_refused=not _reached(connection, on_owner))


@pytest.mark.usefixtures("owner")
def test_row_level_security_binds_even_a_tables_owner(bare: LocalSystem, tally: Tally) -> None:
    with bare.database() as connection:
        for table in tables(bare):
            with connection.transaction(force_rollback=True):
                name = table.name.removeprefix("public.")
                connection.execute("create role an_owner")
                connection.execute("grant usage on schema public, auth to an_owner")
                connection.execute(f"alter table {table.name} owner to an_owner".encode())
                connection.execute("set local role an_owner")
                found = connection.execute(f"select from {table.name} limit 1".encode())
                tally.refused(f"its owner reads {name}", is_refused=found.rowcount == 0)


def test_every_table_of_ours_is_protected(bare: LocalSystem, tally: Tally) -> None:
    rows = bare.rows(
        "select format('%%I.%%I', nspname, relname) as name, relrowsecurity, relforcerowsecurity"
        " from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
        " where nspname in ('public', 'private', 'auth') and relkind in ('r', 'p')"
        " and relname !~ '^_?yoyo'"
    )
    for row in rows:
        is_protected = row["relrowsecurity"] and row["relforcerowsecurity"]
        tally.refused(f"{row['name']} is open", is_refused=is_protected)


def test_a_user_calls_nothing_but_what_is_offered(person: UserClient, tally: Tally) -> None:
    for name, body in {
        "set_config": {"setting_name": "role", "new_value": "service", "is_local": True},
        "pg_sleep": {"": 1},
        "pg_read_file": {"": "/etc/passwd"},
        "pg_terminate_backend": {"": 1},
        "uid": {},
        "protect": {"target": "jobs"},
        "query_to_xml": {"query": "select 1"},
    }.items():
        answer = person.invoke(f"../../rest/v1/rpc/{name}", body)
        tally.answered(f"rpc/{name}", answer, may={400, 404})
    profile = person.get("/rest/v1/profiles", select="id::regrole")
    tally.answered("a cast to a name of the database's", profile, may={400})


@pytest.mark.parametrize("role", ROLES)
async def test_every_transaction_has_its_limits(
    bare: LocalSystem, services: Services, tally: Tally, role: OurRole
) -> None:
    usual = Services(bare.settings())
    limits = LIMITS if role == "service" else {**LIMITS, "statement_timeout": "5s"}
    async with usual.database.transaction(role) as connection:
        for name, limit in limits.items():
            rows = await connection.execute(f"show {name}".encode())
            tally.refused(name, is_refused=(await rows.fetchone()) == {name: limit})
    await usual.close()
    with suppress(ServiceUnavailableError):
        async with services.database.transaction(role) as connection:
            await connection.execute("select pg_sleep(30)")
            tally.refused("a slow statement", is_refused=False)
    tally.refused("a slow statement", is_refused=True)


async def test_a_transaction_waits_for_no_lock_without_end(
    bare: LocalSystem, services: Services, owner: str, tally: Tally
) -> None:
    with bare.database() as holder, holder.transaction(force_rollback=True):
        holder.execute("select from profiles where id = %s for update", [owner])
        with suppress(ServiceUnavailableError):
            async with services.database.transaction() as connection:
                await connection.execute("select from profiles where id = %s for update", [owner])
                tally.refused("a lock that is held", is_refused=False)
    tally.refused("a lock that is held", is_refused=True)


async def test_a_listeners_connection_has_its_limits(bare: LocalSystem, tally: Tally) -> None:
    url = functions_url(server.url(bare.ports()["postgres"]))
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await listener.listen(connection, "events")
        for name, limit in LIMITS.items():
            rows = await connection.execute(f"show {name}".encode())
            tally.refused(name, is_refused=(await rows.fetchone()) == (limit,))


def _changes(table: str) -> Iterator[str]:
    """Yield every change that users may make to their own rows of the table."""
    for grant in USERS_MAY[table].split():
        privilege, _, columns = grant.rstrip(")").partition("(")
        if privilege == "DELETE":
            yield f"delete from {table}"
        if privilege == "UPDATE":
            yield from (f"update {table} set {part} = {part}" for part in columns.split(","))


def _is_refused(connection: Connection, statement: str) -> bool:
    """Return whether the privilege for a statement is missing; its changes are rolled back."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    except psycopg.errors.ActiveSqlTransaction:
        with suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
            return False
        return True
    except psycopg.Error:
        return False
    return False


def _reached(connection: Connection, statement: str) -> int:
    """Return how many rows a statement reaches, 0 if it is refused, and roll it back."""
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(statement.encode()).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0
