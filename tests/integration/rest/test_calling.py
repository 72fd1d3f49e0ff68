"""Database functions, called by POST and by GET."""

from typing import Any

import pytest

from tests.integration.rest.conftest import Json, Reader
from tests.support.local_system import UserClient

WORDS = [{"nth": 1, "word": "one"}, {"nth": 2, "word": "two"}, {"nth": 3, "word": None}]
CALLED: list[tuple[str, dict[str, Any], str, Json]] = [
    ("trial_add", {"a": 2, "b": 3}, "", 5),
    ("trial_add", {"a": 2}, "", 3),
    ("trial_tags", {"tags": ["a", "b"]}, "", 2),
    ("trial_words", {}, "", WORDS),
    ("trial_words", {}, "select=word&nth=gt.1&order=nth.desc", [{"word": None}, {"word": "two"}]),
    ("trial_words", {}, "limit=1&offset=1", WORDS[1:2]),
    (
        "trial_words",
        {},
        "select=n:nth,word::text&word=not.is.null&limit=1",
        [{"n": 1, "word": "one"}],
    ),
    ("trial_numbers", {}, "", [3, 1, 2]),
    ("trial_one", {}, "select=id,name", {"id": 1, "name": "One"}),
    ("trial_pair", {}, "select=a,b->1", [{"a": 1, "b": None}]),
]


@pytest.mark.parametrize(("name", "arguments", "query", "expected"), CALLED)
def test_a_function_is_called(
    me: Reader,
    name: str,
    arguments: dict[str, Any],
    query: str,
    expected: Json,
) -> None:
    posted = me.ask("POST", f"rpc/{name}?{query}", arguments)
    assert (posted.status_code, posted.json()) == (200, expected), posted.text
    values = {
        key: str(value).replace("'", "").replace("[", "{").replace("]", "}")
        for key, value in arguments.items()
    }
    query_string = "&".join([query, *(f"{key}={value}" for key, value in values.items())])
    assert me.rows(f"rpc/{name}?{query_string}") == expected
    head = me.ask("HEAD", f"rpc/{name}?{query_string}", prefer="count=exact")
    assert (head.status_code in {200, 206}, head.content) == (True, b"")


def test_a_functions_rows_are_a_tables(me: Reader, other: Reader) -> None:
    (shelf,) = me.make("trial_shelves", {"name": "Top"})
    me.make(
        "trial_books", [{"title": f"B{n}", "pages": n, "shelf_id": shelf["id"]} for n in (1, 2, 3)]
    )
    other.make("trial_books", {"title": "Theirs", "pages": 5})
    answer = me.ask(
        "POST",
        "rpc/trial_books_from?select=title,shelf_id(name)&order=id&limit=1",
        {"at_least": 2},
        prefer="count=exact",
    )
    assert answer.json() == [{"title": "B2", "shelf_id": {"name": "Top"}}]
    assert (answer.status_code, answer.headers["content-range"]) == (206, "0-0/2")
    # The owner gets every column except those that the role may not read.
    (row,) = me.rows("rpc/trial_books_from?at_least=3")
    assert (row["title"], "secret" in row) == ("B3", False)
    csv = me.get("rpc/trial_books_from?at_least=3&select=title,pages", accept="text/csv")
    assert csv.text.splitlines() == ["title,pages", "B3,3"]


def test_a_function_that_gives_nothing_is_204(me: Reader) -> None:
    answer = me.ask("POST", "rpc/trial_void", {"title": "Made"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert [row["title"] for row in me.rows("trial_books")] == ["Made"]


REFUSED: list[tuple[str, dict[str, Any], tuple[int, str]]] = [
    ("nothing", {}, (404, "PGRST202")),
    ("trial_add", {}, (404, "PGRST202")),
    ("trial_add", {"a": 1, "c": 1}, (404, "PGRST202")),
    ("trial_add", {"a": "x"}, (400, "22P02")),
    ("trial_add", {"a": 2**31}, (400, "22003")),
    ("trial_two", {"a": 1}, (300, "PGRST203")),
    ("pg_sleep", {"seconds": 1}, (404, "PGRST202")),
    ("uid", {}, (404, "PGRST202")),
    ("is_admin", {}, (404, "PGRST202")),
]


@pytest.mark.parametrize(("name", "arguments", "refusal"), REFUSED)
def test_a_call_that_fits_none_is_refused(
    me: Reader, name: str, arguments: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert me.code("POST", f"rpc/{name}", arguments) == refusal
    query_string = "&".join(f"{key}={value}" for key, value in arguments.items())
    assert me.code("GET", f"rpc/{name}?{query_string}") == refusal


RAISED = [
    ("P0001", 400),
    ("P0002", 404),
    ("PT418", 418),
    ("23505", 409),
    ("40001", 503),
    ("55P03", 503),
    ("57014", 504),
    ("22023", 400),
    ("0A000", 400),
    ("54001", 400),
    ("53400", 400),
    ("XX000", 400),
]


@pytest.mark.parametrize(("state", "status"), RAISED)
def test_an_error_of_a_function_is_returned(me: Reader, state: str, status: int) -> None:
    error = {"state": state, "message": "No more.", "detail": "A detail."}
    answer = me.ask("POST", "rpc/trial_raise", error)
    assert answer.status_code == status
    payload = answer.json()
    assert (payload["code"], payload["message"], payload["hint"]) == (state, "No more.", "A hint.")


@pytest.mark.parametrize("state", ["XX001", "PT500", "P0004"])
def test_what_is_our_fault_is_500_and_says_nothing(me: Reader, state: str) -> None:
    error = {"state": state, "message": "No more.", "detail": "A detail."}
    answer = me.ask("POST", "rpc/trial_raise", error)
    assert (answer.status_code, answer.json()["code"]) == (500, "PGRSTX00")
    assert "more" not in answer.text


def test_a_call_is_of_so_many_rows_at_most(me: Reader) -> None:
    prefer = "handling=strict,max-affected=2"
    assert me.code("POST", "rpc/trial_words", {}, prefer=prefer) == (400, "PGRST124")
    assert me.code("POST", "rpc/trial_add", {"a": 1}, prefer=prefer) == (400, "PGRST128")


def test_the_deprecated_functions_say_so(me: Reader, other: Reader) -> None:
    response = me.ask("POST", "rpc/create_workspace_session", {"p_user_id": me.id})
    assert response.status_code == 200
    assert response.headers["deprecation"].startswith("@17")
    (session,) = me.rows("workspace_sessions")
    assert session["id"] == response.json()
    arguments = {"p_session_id": session["id"], "p_user_id": me.id}
    cleared = me.ask("POST", "rpc/clear_workspace_session", arguments)
    assert (cleared.json(), "deprecation" in cleared.headers) == (True, True)
    assert "deprecation" not in me.ask("POST", "rpc/trial_add", {"a": 1}).headers
    theirs = {"p_user_id": other.id}
    assert me.code("POST", "rpc/create_workspace_session", theirs) == (403, "42501")
    item = {"p_workspace_item_id": session["id"], "p_user_id": me.id}
    assert me.code("POST", "rpc/save_workspace_item_to_library", item) == (404, "P0002")


def test_the_anonymous_call_what_is_theirs(anon: Reader, person: UserClient) -> None:
    assert anon.ask("POST", "rpc/trial_add", {"a": 1}).json() == 2
    refused = anon.code("POST", "rpc/create_workspace_session", {"p_user_id": person.id})
    assert refused == (404, "PGRST202")
