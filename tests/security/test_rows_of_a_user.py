"""Rows of a user: no request writes many, and no user exceeds a table's limit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.security.other_user import other_user
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.workspace import act

MAX_ROWS_OF_A_REQUEST = 1000
MAX_SESSIONS = 10_000
MAX_COLLECTIONS = 1000
_AT_ONCE = 8


def _send(
    person: UserClient, method: str, path: str, content: object = None, prefer: str = ""
) -> httpx.Response:
    headers = {"authorization": f"Bearer {person.token}", "prefer": prefer}
    url = f"{person.base}/rest/v1/{path}"
    return web.request(method, url, json=content, headers=headers, timeout=60)


def _sessions(person: UserClient, count: int) -> list[dict[str, Any]]:
    return [{"user_id": person.id}] * count


def _count(system: LocalSystem, table: str, person: UserClient) -> int:
    query = f"select count(*) from {table} where user_id = %s"
    return int(system.value(query, person.id))


def _at_once(act: Callable[[], httpx.Response], times: int) -> list[httpx.Response]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [future.result() for future in [pool.submit(act) for _ in range(times)]]


def test_no_request_inserts_many_rows(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    with other_user(bare, tally):
        for count in corpora.some([1001, 1200, 5000, 20_560], short=4):
            for prefer in ("", "return=representation", "resolution=ignore-duplicates"):
                rows = _sessions(person, count)
                response = _send(person, "POST", "workspace_sessions", rows, prefer)
                tally.answered(f"{count} rows, {prefer!r}", response, {400})
                if response.status_code == 400:
                    is_named = "1,000 rows" in response.json()["details"]
                    tally.refused("the limit is not named", is_refused=is_named)
    tally.refused("rows were made", is_refused=_count(bare, "workspace_sessions", person) == 0)
    allowed = _send(person, "POST", "workspace_sessions", _sessions(person, MAX_ROWS_OF_A_REQUEST))
    assert allowed.status_code == 201


def test_no_request_changes_many_rows(bare: LocalSystem, person: UserClient, tally: Tally) -> None:
    counts = {"user": person.id, "count": MAX_ROWS_OF_A_REQUEST + 1}
    with bare.database() as connection:
        connection.execute(
            b"insert into workspace_sessions (user_id)"
            b" select %(user)s from generate_series(1, %(count)s)",
            counts,
        )
        connection.execute(
            b"insert into workspace_items (user_id, item_type)"
            b" select %(user)s, 'image' from generate_series(1, %(count)s)",
            counts,
        )
    every = [
        ("PATCH", "workspace_sessions?id=not.is.null", {"is_active": False}),
        ("PATCH", "workspace_items?id=not.is.null", {"status": "gone"}),
        ("DELETE", "workspace_items?id=not.is.null", None),
        ("DELETE", "workspace_items", None),
    ]
    with other_user(bare, tally):
        for method, path, content in every:
            for prefer in ("", "return=representation", "count=exact"):
                response = _send(person, method, path, content, prefer)
                tally.answered(f"{method} {path}", response, {400})
    untouched = bare.value(
        "select count(*) from workspace_sessions where user_id = %s and is_active", person.id
    )
    tally.refused("sessions were changed", is_refused=untouched == counts["count"])
    items = bare.value(
        "select count(*) from workspace_items where user_id = %s and status = 'generated'",
        person.id,
    )
    tally.refused("items were changed", is_refused=items == counts["count"])
    (item,) = _send(person, "GET", "workspace_items?select=id&limit=1").json()
    fewer = _send(person, "DELETE", f"workspace_items?id=neq.{item['id']}")
    assert fewer.status_code == 204


def test_no_user_comes_to_have_more_sessions_than_the_limit(
    bare: LocalSystem, person: UserClient, tally: Tally
) -> None:
    with bare.database() as connection:
        statement = (
            b"insert into workspace_sessions (user_id) select %s from generate_series(1, %s)"
        )
        connection.execute(statement, [person.id, MAX_SESSIONS - 150])

    def insert() -> httpx.Response:
        return _send(person, "POST", "workspace_sessions", _sessions(person, 100))

    responses = _at_once(insert, _AT_ONCE)
    for response in responses:
        tally.answered("100 sessions of 8 requests", response, {201, 409, 429})
    assert [response.status_code for response in responses].count(201) == 1
    count = _count(bare, "workspace_sessions", person)
    tally.refused(f"{count} sessions", is_refused=count == MAX_SESSIONS - 50)
    assert _send(person, "POST", "workspace_sessions", _sessions(person, 50)).status_code == 201

    for response in (
        insert(),
        _send(person, "POST", "rpc/create_workspace_session", {"p_user_id": person.id}),
        person.post_job(session_name="One more"),
    ):
        tally.answered("one session more", response, {409})
        assert "10000 workspace sessions" in response.text
    tally.refused("a job was queued", is_refused=person.rows("jobs") == [])
    assert person.post_job().status_code == 202


def test_no_user_comes_to_have_more_collections_than_the_limit(
    bare: LocalSystem, person: UserClient, tally: Tally
) -> None:
    with bare.database() as connection:
        statement = b"""
            insert into user_collections (user_id, name) select %s, 'x' from generate_series(1, %s)
            """
        connection.execute(statement, [person.id, MAX_COLLECTIONS - 1])
    responses = _at_once(lambda: act(person, "create_collection", name="One more"), _AT_ONCE)
    for response in responses:
        tally.answered("a collection of 8 requests", response, {200, 409})
    count = _count(bare, "user_collections", person)
    tally.refused(f"{count} collections", is_refused=count == MAX_COLLECTIONS)
    code = act(person, "create_collection", name="One more").json()["code"]
    assert code == "limit_reached"
