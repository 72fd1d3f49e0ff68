"""The SQL that the specification prints, run by users who may and users who may not."""

from collections.abc import Callable
from uuid import uuid4

import psycopg
import pytest

from shared.contracts.jobs import JobRecord
from shared.db.session import USER_PATH
from shared.services import Services
from tests.support.db_roles import Connection, Role, connect_as
from tests.support.local_system import LocalSystem

# Copied from the specification, including spaces at the ends of lines.
ACTIVE_SESSIONS = (
    "SELECT * FROM workspace_sessions \n"
    "WHERE user_id = $1 AND is_active = true \n"
    "ORDER BY created_at DESC;"
)
CREATE_SESSION = (
    "INSERT INTO workspace_sessions (user_id, session_name)\nVALUES ($1, $2) RETURNING id;"
)
DEACTIVATE_SESSIONS = (
    "UPDATE workspace_sessions \nSET is_active = false \nWHERE user_id = $1 AND is_active = true;"
)
ITEMS_OF_SESSION = (
    "SELECT * FROM workspace_items \nWHERE session_id = $1 \nORDER BY created_at DESC;"
)
ITEMS_BY_STATUS = (
    "SELECT * FROM workspace_items \nWHERE user_id = $1 AND status = $2 \nORDER BY created_at DESC;"
)
UPDATE_ITEM = "UPDATE workspace_items \nSET status = $2, updated_at = NOW() \nWHERE id = $1;"
DELETE_ITEM = "DELETE FROM workspace_items WHERE id = $1 AND user_id = $2;"
JOBS_BY_DESTINATION = (
    "SELECT * FROM jobs \nWHERE user_id = $1 AND destination = $2 \nORDER BY created_at DESC;"
)
JOBS_OF_SESSION = "SELECT * FROM jobs \nWHERE workspace_session_id = $1 \nORDER BY created_at DESC;"
PUT_JOB_IN_SESSION = (
    "UPDATE jobs \nSET workspace_session_id = $2, destination = 'workspace' \nWHERE id = $1;"
)

WORKSPACE = (
    ACTIVE_SESSIONS,
    CREATE_SESSION,
    DEACTIVATE_SESSIONS,
    ITEMS_OF_SESSION,
    ITEMS_BY_STATUS,
    UPDATE_ITEM,
    DELETE_ITEM,
)
JOBS = (JOBS_BY_DESTINATION, JOBS_OF_SESSION, PUT_JOB_IN_SESSION)


class Someone:
    """A user with a session, two items in it and a job."""

    def __init__(self, system: LocalSystem) -> None:
        self.id = str(uuid4())
        self._system = system
        with connect_as(system, "authenticated", self.id) as connection:
            self.session = ids(connection, CREATE_SESSION, self.id, "Stars")[0]
        self.items = [self._item(status) for status in ("generated", "saved")]
        self.job = self._job()

    def run(self, statement: str, *arguments: object) -> list[str]:
        """The ids of the rows that a statement returns to this user."""
        with connect_as(self._system, "authenticated", self.id, path=USER_PATH) as connection:
            return ids(connection, statement, *arguments)

    def _item(self, status: str) -> str:
        row = self._system.value(
            "insert into workspace_items (session_id, user_id, status, item_type, updated_at)"
            " values (%s, %s, %s, 'image', '2020-01-01') returning id",
            self.session,
            self.id,
            status,
        )
        return str(row)

    def _job(self) -> str:
        row = self._system.value(
            "insert into jobs (user_id, job_type, status, queue, model_variant, format, quality,"
            " destination, original_prompt, credits, parameters) values (%s, 'sdxl_image_fast',"
            " 'completed', 'sdxl_queue', 'sdxl', 'image', 'fast', 'library', 'a star', 1, '{}')"
            " returning id",
            self.id,
        )
        return str(row)


def ids(connection: Connection, statement: str, *arguments: object) -> list[str]:
    """Run a statement as printed and return the ids of its rows."""
    result = connection.execute(statement.encode(), arguments)
    return [str(row["id"]) for row in result.fetchall()] if result.description else []


@pytest.fixture
def owner(bare: LocalSystem) -> Someone:
    return Someone(bare)


@pytest.fixture
def other_user(bare: LocalSystem) -> Someone:
    return Someone(bare)


def test_active_sessions_are_read_newest_first(owner: Someone, other_user: Someone) -> None:
    newer = owner.run(CREATE_SESSION, owner.id, "Moons")
    assert owner.run(ACTIVE_SESSIONS, owner.id) == [*newer, owner.session]
    assert other_user.run(ACTIVE_SESSIONS, owner.id) == []


def test_a_session_is_made_for_oneself_alone(
    bare: LocalSystem, owner: Someone, other_user: Someone
) -> None:
    made = bare.rows("select * from workspace_sessions where id = %s", owner.session)[0]
    assert (str(made["user_id"]), made["session_name"], made["is_active"]) == (
        owner.id,
        "Stars",
        True,
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        other_user.run(CREATE_SESSION, owner.id, "Forged")
    assert owner.run(ACTIVE_SESSIONS, owner.id) == [owner.session]


def test_sessions_are_deactivated_by_their_owner_alone(owner: Someone, other_user: Someone) -> None:
    other_user.run(DEACTIVATE_SESSIONS, owner.id)
    assert owner.run(ACTIVE_SESSIONS, owner.id) == [owner.session]
    owner.run(DEACTIVATE_SESSIONS, owner.id)
    assert owner.run(ACTIVE_SESSIONS, owner.id) == []
    assert other_user.run(ACTIVE_SESSIONS, other_user.id) == [other_user.session]


def test_items_are_read_by_session_and_by_status(owner: Someone, other_user: Someone) -> None:
    generated, saved = owner.items
    assert owner.run(ITEMS_OF_SESSION, owner.session) == [saved, generated]
    assert owner.run(ITEMS_BY_STATUS, owner.id, "saved") == [saved]
    assert other_user.run(ITEMS_OF_SESSION, owner.session) == []
    assert other_user.run(ITEMS_BY_STATUS, owner.id, "saved") == []


def test_an_items_status_is_changed_by_its_owner_alone(
    bare: LocalSystem, owner: Someone, other_user: Someone
) -> None:
    item = owner.items[0]
    other_user.run(UPDATE_ITEM, item, "stolen")
    assert owner.run(ITEMS_BY_STATUS, owner.id, "generated") == [item]
    owner.run(UPDATE_ITEM, item, "saved")
    assert set(owner.run(ITEMS_BY_STATUS, owner.id, "saved")) == set(owner.items)
    found = "select now() - updated_at < '1 minute' from workspace_items where id = %s"
    assert bare.value(found, item)


def test_an_item_is_deleted_by_its_owner_alone(owner: Someone, other_user: Someone) -> None:
    item, other = owner.items
    other_user.run(DELETE_ITEM, item, owner.id)
    other_user.run(DELETE_ITEM, item, other_user.id)
    assert item in owner.run(ITEMS_OF_SESSION, owner.session)
    owner.run(DELETE_ITEM, item, owner.id)
    assert owner.run(ITEMS_OF_SESSION, owner.session) == [other]


def test_jobs_are_read_and_put_in_a_session_by_the_functions(
    bare: LocalSystem, owner: Someone
) -> None:
    with connect_as(bare, "service") as service:
        assert ids(service, JOBS_BY_DESTINATION, owner.id, "library") == [owner.job]
        assert ids(service, JOBS_OF_SESSION, owner.session) == []
        ids(service, PUT_JOB_IN_SESSION, owner.job, owner.session)
        assert ids(service, JOBS_OF_SESSION, owner.session) == [owner.job]
        assert ids(service, JOBS_BY_DESTINATION, owner.id, "library") == []
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            ids(service, PUT_JOB_IN_SESSION, owner.job, str(uuid4()))


def test_a_job_outlives_its_session(bare: LocalSystem, owner: Someone) -> None:
    with connect_as(bare, "service") as service:
        ids(service, PUT_JOB_IN_SESSION, owner.job, owner.session)
    bare.rows("delete from workspace_sessions where id = %s returning id", owner.session)
    rows = bare.rows("select workspace_session_id from jobs where id = %s", owner.job)
    assert rows == [{"workspace_session_id": None}]


@pytest.mark.parametrize("statement", [JOBS_BY_DESTINATION, JOBS_OF_SESSION])
def test_jobs_are_read_by_their_owner_alone(
    bare: LocalSystem, owner: Someone, other_user: Someone, statement: str
) -> None:
    with connect_as(bare, "service") as service:
        ids(service, PUT_JOB_IN_SESSION, owner.job, owner.session)
    by_session = statement == JOBS_OF_SESSION
    arguments = [owner.session] if by_session else [owner.id, "workspace"]
    assert owner.run(statement, *arguments) == [owner.job]
    assert other_user.run(statement, *arguments) == []


async def test_a_users_transaction_looks_there_first(bare: LocalSystem, owner: Someone) -> None:
    services = Services(bare.settings())
    claims = {"sub": owner.id, "role": "authenticated"}
    async with services.database.transaction("authenticated", claims) as connection:
        rows = await (await connection.execute("select * from jobs")).fetchall()
    await services.close()
    assert [str(row["id"]) for row in rows] == [owner.job]


def test_a_users_star_holds_none_of_dispatchs_own_columns(
    bare: LocalSystem, owner: Someone
) -> None:
    with connect_as(bare, "authenticated", owner.id, path=USER_PATH) as connection:
        (row,) = connection.execute(JOBS_BY_DESTINATION.encode(), [owner.id, "library"]).fetchall()
        with pytest.raises(psycopg.errors.UndefinedColumn):
            connection.execute("select parameters from jobs")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select parameters from public.jobs")
    assert row.keys() == JobRecord.model_fields.keys()


def test_a_user_puts_no_job_in_a_session(owner: Someone) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.run(PUT_JOB_IN_SESSION, owner.job, owner.session)


@pytest.fixture
def arguments(owner: Someone) -> Callable[[str], list[str]]:
    """A function that returns the arguments of a statement."""
    of = {
        CREATE_SESSION: [owner.id, "Anyone's"],
        ITEMS_OF_SESSION: [owner.session],
        ITEMS_BY_STATUS: [owner.id, "saved"],
        UPDATE_ITEM: [owner.items[0], "saved"],
        DELETE_ITEM: [owner.items[0], owner.id],
        JOBS_BY_DESTINATION: [owner.id, "library"],
        JOBS_OF_SESSION: [owner.session],
        PUT_JOB_IN_SESSION: [owner.job, owner.session],
    }
    return lambda statement: of.get(statement, [owner.id])


@pytest.mark.parametrize("statement", [*WORKSPACE, *JOBS])
def test_without_a_user_each_is_refused(
    bare: LocalSystem, arguments: Callable[[str], list[str]], statement: str
) -> None:
    role: Role = "anon"
    with connect_as(bare, role) as anon, pytest.raises(psycopg.errors.InsufficientPrivilege):
        ids(anon, statement, *arguments(statement))
