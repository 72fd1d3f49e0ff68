"""The deprecated remote procedures: named as in the specification, for their caller only."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.support.db_roles import connect_as
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

CREATE = "select create_workspace_session(p_user_id => $1, p_session_name => $2) as made"
CREATE_UNNAMED = "select create_workspace_session(p_user_id => $1) as made"
SAVE = "select save_workspace_item_to_library(p_workspace_item_id => $1, p_user_id => $2) as made"
CLEAR = "select clear_workspace_session(p_session_id => $1, p_user_id => $2) as made"

REFUSED = psycopg.errors.InsufficientPrivilege


def _call(system: LocalSystem, user_id: str, statement: str, *arguments: object) -> Any:  # noqa: ANN401
    with connect_as(system, "authenticated", user_id) as connection:
        (row,) = connection.execute(statement.encode(), arguments).fetchall()
    return row["made"]


def _session(system: LocalSystem, user_id: str) -> str:
    return str(_call(system, user_id, CREATE, user_id, "My Workspace Session"))


def _item(
    system: LocalSystem,
    user_id: str,
    *,
    session: str | None = None,
    job: str | None = None,
    status: str = "generated",
    path: str | None = None,
) -> str:
    made = system.value(
        "insert into workspace_items (user_id, session_id, job_id, status, item_type, storage_path)"
        " values (%s, %s, %s, %s, 'image', %s) returning id",
        *(user_id, session, job, status, path),
    )
    return str(made)


def test_a_session_is_made(bare: LocalSystem, person: UserClient) -> None:
    made = _session(bare, person.id)
    (row,) = bare.rows("select * from workspace_sessions where id = %s", made)
    assert (str(row["user_id"]), row["session_name"]) == (person.id, "My Workspace Session")
    assert row["is_active"] is True


@pytest.mark.parametrize("null", [True, False])
def test_a_session_without_a_name_has_the_usual_one(
    bare: LocalSystem, person: UserClient, *, null: bool
) -> None:
    if null:
        made = _call(bare, person.id, CREATE, person.id, None)
    else:
        made = _call(bare, person.id, CREATE_UNNAMED, person.id)
    name = bare.value("select session_name from workspace_sessions where id = %s", made)
    assert name == "Workspace Session"


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_a_bad_session_name_is_refused(bare: LocalSystem, person: UserClient, name: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="1 to 200"):
        _call(bare, person.id, CREATE, person.id, name)
    assert bare.value("select count(*) from workspace_sessions where user_id = %s", person.id) == 0


def test_clearing_ends_the_session_and_what_was_not_saved(
    bare: LocalSystem, person: UserClient
) -> None:
    session, other = _session(bare, person.id), _session(bare, person.id)
    lost = _item(bare, person.id, session=session)
    saved = _item(bare, person.id, session=session, status="saved")
    elsewhere = _item(bare, person.id, session=other)

    assert _call(bare, person.id, CLEAR, session, person.id) is True

    states = bare.rows("select id, status from workspace_items where user_id = %s", person.id)
    assert {str(row["id"]): row["status"] for row in states} == {
        lost: "deleted",
        saved: "saved",
        elsewhere: "generated",
    }
    sessions = bare.rows(
        "select id, is_active from workspace_sessions where user_id = %s", person.id
    )
    assert {str(row["id"]): row["is_active"] for row in sessions} == {session: False, other: True}
    assert _call(bare, person.id, CLEAR, session, person.id) is True, "again is success"


def test_anothers_session_is_like_none(bare: LocalSystem, person: UserClient) -> None:
    other = UserClient(bare)
    session = _session(bare, other.id)
    item = _item(bare, other.id, session=session)
    assert _call(bare, person.id, CLEAR, session, person.id) is False
    assert _call(bare, person.id, CLEAR, str(uuid4()), person.id) is False
    assert bare.value("select is_active from workspace_sessions where id = %s", session) is True
    assert bare.value("select status from workspace_items where id = %s", item) == "generated"


def test_an_item_in_the_library_is_named(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job = person.create_job(num_images=2)
    hand_worker.finish(job)
    first, second = person.rows("workspace_assets", job_id=f"eq.{job}", order="asset_index.asc")
    for asset in (first, second):
        saved = person.invoke(
            "workspace-actions", {"action": "save_to_library", "assetId": asset["id"]}
        )
        assert saved.status_code == 200
    item = _item(bare, person.id, job=job, path=second["temp_storage_path"])
    assert str(_call(bare, person.id, SAVE, item, person.id)) == saved.json()["libraryAssetId"]

    unclear = _item(bare, person.id, job=job)
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        _call(bare, person.id, SAVE, unclear, person.id)


def test_an_item_that_is_not_in_the_library_says_what_to_do(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job = person.create_job()
    hand_worker.finish(job)
    item = _item(bare, person.id, job=job)
    with pytest.raises(psycopg.errors.FeatureNotSupported) as refused:
        _call(bare, person.id, SAVE, item, person.id)
    assert "save_to_library" in str(refused.value.diag.message_hint)
    assert "/workspace-actions" in str(refused.value.diag.message_hint)

    asset = person.asset(job)["id"]
    saved = person.invoke("workspace-actions", {"action": "save_to_library", "assetId": asset})
    made = _call(bare, person.id, SAVE, item, person.id)
    assert str(made) == saved.json()["libraryAssetId"], "the only asset of the job is the item's"


def test_anothers_item_is_like_none(bare: LocalSystem, person: UserClient) -> None:
    item = _item(bare, UserClient(bare).id)
    for name in (item, str(uuid4())):
        with pytest.raises(psycopg.errors.NoDataFound):
            _call(bare, person.id, SAVE, name, person.id)


def test_an_admin_who_may_read_anothers_item_saves_only_their_own(
    bare: LocalSystem, person: UserClient
) -> None:
    item = _item(bare, UserClient(bare).id)
    bare.rows("insert into user_roles (user_id, role) values (%s, 'admin') returning id", person.id)
    with connect_as(bare, "authenticated", person.id, says_admin=True) as connection:
        seen = connection.execute(b"select from workspace_items where id = $1", [item])
        assert seen.rowcount == 1
        with pytest.raises(psycopg.errors.NoDataFound):
            connection.execute(SAVE.encode(), [item, person.id])


def test_no_user_acts_for_another(bare: LocalSystem, person: UserClient) -> None:
    other = UserClient(bare)
    session = _session(bare, other.id)
    item = _item(bare, other.id, session=session)
    calls: list[tuple[str, tuple[object, ...]]] = [
        (CREATE, (other.id, "Theirs")),
        (CREATE, (None, "No user's")),
        (SAVE, (item, other.id)),
        (CLEAR, (session, other.id)),
    ]
    for statement, arguments in calls:
        with connect_as(bare, "authenticated", person.id, says_admin=True) as connection:
            with pytest.raises(REFUSED) as refused:
                connection.execute(statement.encode(), arguments)
            assert refused.value.sqlstate == "42501"
    assert bare.value("select is_active from workspace_sessions where id = %s", session) is True


@pytest.mark.parametrize("statement", [CREATE_UNNAMED, SAVE, CLEAR])
def test_only_signed_in_users_call_them(
    bare: LocalSystem, person: UserClient, statement: str
) -> None:
    arguments = [person.id] * statement.count("=> $")
    for role in ("anon", "service"):
        with (
            connect_as(bare, role, person.id) as connection,
            pytest.raises(REFUSED, match="permission denied for function"),
        ):
            connection.execute(statement.encode(), arguments)
