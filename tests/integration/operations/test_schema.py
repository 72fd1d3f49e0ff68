"""The schema: every table's columns, and what each role sees and may do, with real rows."""

from uuid import uuid4

import psycopg
import pytest

from shared.db.queries.job_state_machine import DISPATCH
from tests.integration.operations.schema_tables import ANYONE_MAY, COLUMNS, OWNERS, ROWS, USERS_MAY
from tests.support.db_roles import Connection, connect_as
from tests.support.local_system import LocalSystem

REFUSED = psycopg.errors.InsufficientPrivilege
MIGRATION_TOOLS = r"^(_?yoyo.*)$"


class Someone:
    """A user with a row in each table that users read."""

    def __init__(self, system: LocalSystem) -> None:
        values = {"user": uuid4(), "id": uuid4()}
        self.id = str(values["user"])
        with system.database() as connection:
            for statement in ROWS.values():
                connection.execute(statement.encode(), values)


@pytest.fixture(scope="module")
def owner(bare: LocalSystem) -> Someone:
    return Someone(bare)


@pytest.fixture(scope="module")
def other_user(bare: LocalSystem) -> Someone:
    return Someone(bare)


def owners(connection: Connection, table: str) -> set[str]:
    """The owners of the visible rows of a table."""
    rows = connection.execute(f"select distinct {OWNERS[table]} as owner from {table}".encode())
    return {str(row["owner"]) for row in rows}


def private_owners(connection: Connection, table: str) -> set[str]:
    """The owners of the visible rows that are not public."""
    where = " where visibility <> 'public'" if table == "user_library" else ""
    query = f"select distinct {OWNERS[table]} as owner from {table}{where}"
    return {str(row["owner"]) for row in connection.execute(query.encode())}


def test_every_table_is_protected(bare: LocalSystem) -> None:
    rows = bare.rows(
        "select relname, relrowsecurity and relforcerowsecurity as protected from pg_class"
        " where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname !~ %s",
        MIGRATION_TOOLS,
    )
    protected = {row["relname"]: row["protected"] for row in rows}
    assert protected == dict.fromkeys(protected, True)
    assert COLUMNS.keys() <= protected.keys()


def test_no_view_goes_round_the_policies(bare: LocalSystem) -> None:
    query = (
        "select relname from pg_class where relnamespace = 'public'::regnamespace"
        " and relkind in ('v', 'm', 'f') and relname !~ %s"
    )
    assert bare.rows(query, MIGRATION_TOOLS) == []


@pytest.mark.parametrize("table", COLUMNS)
def test_the_columns_of_the_design_are_there(bare: LocalSystem, table: str) -> None:
    rows = bare.rows(
        "select column_name from information_schema.columns"
        " where table_schema = 'public' and table_name = %s",
        table,
    )
    assert {row["column_name"] for row in rows} >= set(COLUMNS[table].split())


PRIVILEGES = """
    select relname, string_agg(
        privilege || case when whole then '' else '(' || columns || ')' end, ' ' order by privilege
    ) as may
    from pg_class
    cross join unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) privilege
    cross join lateral (select has_table_privilege(%s, pg_class.oid, privilege) as whole) as t
    left join lateral (
        select string_agg(column_name, ',' order by column_name) as columns
        from information_schema.column_privileges
        where table_schema = 'public' and table_name = relname and grantee in (%s, 'PUBLIC')
            and privilege_type = privilege
    ) as c on true
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
        and relname !~ %s and (whole or columns is not null)
    group by relname
"""


@pytest.mark.parametrize(("role", "expected"), [("authenticated", USERS_MAY), ("anon", ANYONE_MAY)])
def test_each_caller_may_do_what_the_design_says(
    bare: LocalSystem, role: str, expected: dict[str, str]
) -> None:
    rows = bare.rows(PRIVILEGES, role, role, MIGRATION_TOOLS)
    assert {row["relname"]: row["may"] for row in rows} == expected


def test_the_functions_may_do_what_the_design_says(bare: LocalSystem) -> None:
    rows = bare.rows(PRIVILEGES, "service", "service", MIGRATION_TOOLS)
    may = {row["relname"]: row["may"] for row in rows}
    assert may == dict.fromkeys(may, "DELETE INSERT SELECT UPDATE") | {
        "credit_ledger": "INSERT SELECT"  # append-only
    }
    assert COLUMNS.keys() <= may.keys()


def test_no_role_of_ours_goes_round_the_policies(bare: LocalSystem) -> None:
    rows = bare.rows(
        "select rolname, rolsuper or rolbypassrls or rolcanlogin or rolcreaterole as might"
        " from pg_roles where rolname in ('service', 'authenticated', 'anon')"
    )
    assert {row["rolname"]: row["might"] for row in rows} == dict.fromkeys(
        ("service", "authenticated", "anon"), False
    )
    with connect_as(bare, "authenticated", str(uuid4())) as user, pytest.raises(REFUSED):
        user.execute("create table mine (id integer)")


def test_every_table_that_users_read_has_a_row_here() -> None:
    assert set(ROWS) == set(USERS_MAY)


@pytest.mark.parametrize("table", ROWS)
def test_a_user_sees_their_own_rows_alone(
    bare: LocalSystem, owner: Someone, other_user: Someone, table: str
) -> None:
    for one in (owner, other_user):
        with connect_as(bare, "authenticated", one.id) as connection:
            assert private_owners(connection, table) == {one.id}
    with connect_as(bare, "authenticated") as no_user:
        assert private_owners(no_user, table) == set()


@pytest.mark.parametrize("table", ROWS)
def test_a_user_writes_no_more_than_is_granted(
    bare: LocalSystem, owner: Someone, other_user: Someone, table: str
) -> None:
    with connect_as(bare, "authenticated", owner.id) as connection:
        for whose, count in ((owner.id, 1), (other_user.id, 0)):
            where = f"where {OWNERS[table]} = '{whose}'"
            for column in COLUMNS[table].split():
                change = f'update {table} set "{column}" = default {where}'
                allowed = f"{column}" in _columns(table, "UPDATE")
                assert _touched(connection, change) == (count if allowed else None), change
        may_delete = "DELETE" in USERS_MAY[table].split()
        theirs = f"delete from {table} where {OWNERS[table]} = '{other_user.id}'"
        assert _touched(connection, theirs) == (0 if may_delete else None)
        assert _touched(connection, f"insert into {table} default values") is None
        assert _touched(connection, f"truncate {table}") is None


@pytest.mark.parametrize("table", sorted(set(COLUMNS) - set(ROWS)))
def test_a_user_may_do_nothing_with_the_rest(bare: LocalSystem, owner: Someone, table: str) -> None:
    with connect_as(bare, "authenticated", owner.id) as connection:
        for statement in (
            f"select from {table}",
            f"insert into {table} default values",
            f"delete from {table}",
        ):
            assert _touched(connection, statement) is None, statement


@pytest.mark.parametrize(
    "statement",
    [
        "update profiles set token_balance = token_balance + 1 where id = $1",
        "update profiles set age_confirmed_at = now() where id = $1",
        "update jobs set status = 'completed' where user_id = $1",
        "insert into workspace_items (user_id, item_type) values ($1, 'image')",
        "insert into credit_ledger (user_id, kind, amount) values ($1, 'grant', 5)",
        "insert into user_roles (user_id, role) values ($1, 'admin')",
        "update user_library set visibility = 'public' where user_id = $1",
        "select parameters from jobs where user_id = $1",
    ],
)
def test_a_user_is_refused_what_only_the_functions_do(
    bare: LocalSystem, owner: Someone, statement: str
) -> None:
    with connect_as(bare, "authenticated", owner.id) as connection, pytest.raises(REFUSED):
        connection.execute(statement.encode(), [owner.id])


def test_no_user_inserts_rows_for_another(
    bare: LocalSystem, owner: Someone, other_user: Someone
) -> None:
    with connect_as(bare, "authenticated", owner.id) as connection, pytest.raises(REFUSED):
        connection.execute("insert into workspace_sessions (user_id) values ($1)", [other_user.id])


WRITES = (
    "update profiles set username = 'x' where id = '{}'",
    "update workspace_sessions set is_active = false where user_id = '{}'",
    "update workspace_items set status = 'x' where user_id = '{}'",
    "delete from workspace_items where user_id = '{}'",
)


def test_an_admin_reads_all_while_user_roles_agrees(bare: LocalSystem, owner: Someone) -> None:
    admin = str(uuid4())
    with connect_as(bare, "authenticated", admin, says_admin=True) as reader:
        assert all(private_owners(reader, table) == set() for table in ROWS)
        bare.rows("insert into user_roles (user_id, role) values (%s, 'admin') returning id", admin)
        assert all(owner.id in owners(reader, table) for table in ROWS)
        assert [_touched(reader, write.format(owner.id)) for write in WRITES] == [0, 0, 0, 0]
        bare.rows("delete from user_roles where user_id = %s returning id", admin)
        assert all(private_owners(reader, table) == set() for table in ROWS)


def test_user_roles_alone_makes_no_admin(bare: LocalSystem, owner: Someone) -> None:
    admin = str(uuid4())
    bare.rows("insert into user_roles (user_id, role) values (%s, 'admin') returning id", admin)
    with connect_as(bare, "authenticated", admin) as reader:
        assert not any(owner.id in owners(reader, table) for table in ROWS)


def test_anyone_reads_public_library_rows_alone(
    bare: LocalSystem, owner: Someone, other_user: Someone
) -> None:
    change = "update user_library set visibility = %s where user_id = %s returning id"
    with connect_as(bare, "anon") as anon, connect_as(bare, "authenticated", other_user.id) as user:
        for visibility, sees in (("unlisted", False), ("public", True), ("private", False)):
            bare.rows(change, visibility, owner.id)
            assert (owner.id in owners(anon, "user_library")) == sees
            assert (owner.id in owners(user, "user_library")) == sees
        for table in sorted(set(COLUMNS) - {"user_library"}):
            assert _touched(anon, f"select from {table}") is None, table
        assert _touched(anon, "delete from user_library") is None


@pytest.mark.parametrize(
    "table", ["jobs", "workspace_assets", "user_library", "conversations", "workspace_sessions"]
)
def test_a_users_list_is_found_by_an_index(bare: LocalSystem, owner: Someone, table: str) -> None:
    query = f"explain select id from {table} order by created_at desc limit 20"
    with connect_as(bare, "authenticated", owner.id) as connection:
        connection.execute("set enable_seqscan = off")
        plan = "\n".join(row["QUERY PLAN"] for row in connection.execute(query.encode()))
    assert "Index Cond: ((user_id >= " in plan, plan


def _columns(table: str, privilege: str) -> list[str]:
    """The columns that a user has the designed privilege on."""
    for grant in USERS_MAY[table].split():
        name, _, columns = grant.rstrip(")").partition("(")
        if name == privilege:
            return columns.split(",")
    return []


def _touched(connection: Connection, statement: str) -> int | None:
    """How many rows a statement affects, rolled back; None where it is refused."""
    with connection.transaction(force_rollback=True):
        try:
            with connection.transaction():
                return connection.execute(statement.encode()).rowcount
        except REFUSED:
            return None


def test_the_database_dispatches_as_the_table_of_transitions_says(bare: LocalSystem) -> None:
    source = bare.value("select prosrc from pg_proc where oid = 'private.dispatch_jobs'::regproc")
    text = " ".join(str(source).split())
    assert " ".join(DISPATCH.effect.split()) in text
    assert f"where jobs.id = chosen.id and status = 'queued' and {DISPATCH.guard}" in text
