"""Security: other users' rows, columns that are not granted, and SQL injection."""

from typing import Any
from urllib.parse import quote

import pytest

from infra.local.config import tokens
from tests.integration.rest.conftest import Reader
from tests.support.http import web
from tests.support.local_system import LocalSystem

REPRESENTATION = {"prefer": "return=representation"}


@pytest.fixture
def book(other: Reader) -> dict[str, Any]:
    """A book of another user."""
    (made,) = other.make("trial_books", {"title": "Theirs"})
    found: dict[str, Any] = made
    return found


def test_anothers_row_is_not_there(me: Reader, other: Reader, book: dict[str, Any]) -> None:
    one = f"trial_books?id=eq.{book['id']}"
    assert me.rows(one) == []
    assert me.rows(f"trial_books?or=(id.eq.{book['id']},owner.eq.{other.id})") == []
    assert me.get(one, prefer="count=exact").headers["content-range"] == "*/0"
    for method, content in (("PATCH", {"title": "Mine"}), ("DELETE", None)):
        answer = me.ask(method, one, content, **REPRESENTATION)
        assert (answer.status_code, answer.json()) == (200, [])
    for path in ("trial_books", "trial_books?title=neq.x"):
        assert me.ask("PATCH", path, {"pages": 0}).status_code == 204
        assert me.ask("DELETE", path).status_code == 204
    assert other.rows("trial_books") == [book]


def test_nothing_is_written_in_anothers_name(
    me: Reader, other: Reader, book: dict[str, Any]
) -> None:
    theirs = {"title": "Forged", "owner": other.id}
    assert me.code("POST", "trial_books", theirs) == (403, "42501")
    me.make("trial_books", {"title": "Mine"})
    assert me.code("PATCH", "trial_books", {"owner": other.id}) == (403, "42501")
    upsert = {"prefer": "resolution=merge-duplicates"}
    for content in ({"id": book["id"], "title": "Taken"}, {**theirs, "id": book["id"]}):
        assert me.code("POST", "trial_books", content, **upsert) == (403, "42501")
    ignored = {"prefer": "resolution=ignore-duplicates,return=representation"}
    response = me.ask("POST", "trial_books", {"id": book["id"], "title": "Taken"}, **ignored)
    assert response.status_code in {201, 403}
    assert other.rows("trial_books") == [book]


GUARDED = [
    ("trial_books", {"secret": "x", "title": "a"}, (400, "PGRST204")),
    ("trial_books", {"stamp": "x"}, (403, "42501")),
    ("profiles", {"token_balance": 10**6}, (403, "42501")),
    ("profiles", {"username": "me", "token_balance": 10**6}, (403, "42501")),
    ("profiles", {"age_confirmed_at": "2020-01-01"}, (403, "42501")),
    ("jobs", {"status": "queued"}, (403, "42501")),
    ("jobs", {"lease_until": None}, (400, "PGRST204")),
    ("credit_ledger", {"amount": 5}, (403, "42501")),
    ("user_roles", {"role": "admin"}, (403, "42501")),
    ("user_library", {"visibility": "public"}, (403, "42501")),
    ("conversations", {"title": "x"}, (403, "42501")),
    ("workspace_sessions", {"session_name": "x"}, (403, "42501")),
]


@pytest.mark.parametrize(("table", "content", "refusal"), GUARDED)
def test_what_is_not_granted_is_not_changed(
    me: Reader, table: str, content: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert me.code("PATCH", table, content) == refusal


@pytest.mark.parametrize("table", ["jobs", "credit_ledger", "profiles", "user_roles", "messages"])
def test_nothing_is_added_or_removed_where_that_is_not_granted(me: Reader, table: str) -> None:
    assert me.code("DELETE", table) == (403, "42501")
    assert me.code("POST", table, {"id": me.id}) == (403, "42501")
    upsert = {"prefer": "resolution=merge-duplicates"}
    assert me.code("POST", table, {"id": me.id}, **upsert) == (403, "42501")


def test_the_anonymous_see_and_do_nothing(anon: Reader, me: Reader) -> None:
    me.make("trial_books", {"title": "Mine"})
    for table in ("trial_books", "jobs", "profiles", "credit_ledger", "workspace_assets"):
        for method, content in (("GET", None), ("POST", {}), ("PATCH", {}), ("DELETE", None)):
            assert anon.code(method, table, content) == (404, "PGRST205")
    assert anon.code("POST", "user_library", {"tags": []}) == (401, "42501")
    assert anon.code("DELETE", "user_library") == (401, "42501")


def test_a_bad_token_gets_the_error_of_postgrest(trial: LocalSystem) -> None:
    url = f"{trial.base}/rest/v1/trial_books"
    expired = tokens.user_token(expires_in=-60)
    for headers, code in (
        ({}, "PGRST302"),
        ({"authorization": "Bearer x"}, "PGRST301"),
        ({"authorization": f"Bearer {expired}"}, "PGRST303"),
    ):
        answer = web.get(url, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["www-authenticate"] == "Bearer"


HOSTILE = [
    'id"; drop table trial_books; --',
    "id') from trial_books; --",
    "id%s",
    "%(v0)s",
    "pg_sleep(10)",
    "current_user",
    "ctid",
    "xmin",
    "trial_books",
    "r0",
    "*",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_never_read_as_sql(me: Reader, name: str) -> None:
    (mine,) = me.make("trial_books", {"title": "Mine"})
    escaped = quote(name, safe="")
    quoted = quote('"' + name.replace('"', '\\"') + '"', safe="")
    for text in (escaped, quoted):
        for query in (f"order={text}", f"{text}=eq.1", f"or=({text}.eq.1)", f"on_conflict={text}"):
            method = "POST" if "on_conflict" in query else "GET"
            content = {"title": "x"} if method == "POST" else None
            prefer = {"prefer": "resolution=merge-duplicates"} if content else {}
            status, code = me.code(method, f"trial_books?{query}", content, **prefer)
            assert (status, code) in {(400, "PGRST100"), (400, "42703"), (400, "PGRST108")}
        assert me.code("POST", f"trial_books?columns={text}", {name: 1})[0] == 400
    assert me.code("POST", "trial_books", {name: 1}) == (400, "PGRST204")
    assert me.code("POST", f"rpc/{escaped}", {})[0] == 404
    assert me.code("POST", "rpc/trial_add", {name: 1}) == (404, "PGRST202")
    if name != "*":
        assert me.rows(f"trial_books?select={quoted}:title") == [{name: "Mine"}]
        assert me.code("GET", f"trial_books?select={quoted}")[0] == 400
    assert me.rows("trial_books") == [mine]


def test_a_get_changes_nothing(me: Reader) -> None:
    for method in ("GET", "HEAD"):
        assert me.ask(method, "rpc/trial_void?title=Made").status_code == 405
    assert me.code("GET", "rpc/trial_void?title=Made") == (405, "25006")
    assert me.rows("trial_books") == []
