"""Selected columns, order and formats."""

from typing import Any

import pytest

from tests.integration.rest.conftest import Reader

SINGLE = "application/vnd.pgrst.object+json"
STRIPPED = "application/vnd.pgrst.array+json;nulls=stripped"


@pytest.fixture
def books(me: Reader) -> Reader:
    """A reader with four books, oldest first."""
    lent = [None, "2026-01-02T00:00:00Z", None, "2026-01-01T00:00:00Z"]
    me.make(
        "trial_books",
        [
            {"title": f"Book {nth}", "pages": 10 * nth, "lent_at": at, "facts": {"n": [nth, "x"]}}
            for nth, at in enumerate(lent, start=1)
        ],
    )
    return me


SELECTED: list[tuple[str, dict[str, Any] | None]] = [
    ("title", {"title": "Book 1"}),
    ("name:title", {"name": "Book 1"}),
    ("pages::text", {"pages": "10"}),
    ("p:pages::double precision", {"p": 10}),
    ("facts->n", {"n": [1, "x"]}),
    ("facts->n->1", {"n": "x"}),
    ("first:facts->n->>0", {"first": "1"}),
    ("facts->n->>0::int", {"n": 1}),
    ("tags->0", {"tags": None}),
    ('"odd %25s name"', {"odd %s name": None}),
    ("found:pages", {"found": 10}),
    ("%25(v0)s:pages", None),
    ('"%25(v0)s":pages', {"%(v0)s": 10}),
    ('"a\\"b":pages', {'a"b': 10}),
    (" title , pages ", {"title": "Book 1", "pages": 10}),
    ("title,title", {"title": "Book 1"}),
]


@pytest.mark.parametrize(("select", "row"), SELECTED)
def test_select_says_what_each_row_holds(
    books: Reader, select: str, row: dict[str, Any] | None
) -> None:
    path = f"trial_books?select={select}&pages=eq.10"
    if row is None:
        assert books.code("GET", path) == (400, "PGRST100")
    else:
        assert books.rows(path) == [row]


def test_a_star_is_each_column_that_may_be_read(books: Reader) -> None:
    for query in ("", "?select=*", "?select="):
        columns = books.rows(f"trial_books{query}")[0].keys()
        assert {"id", "odd %s name", "stamp"} < columns
        assert "secret" not in columns
    assert books.rows("trial_books?select=*,again:id&limit=1")[0].keys() == columns | {"again"}


ORDERS = [
    ("pages", "1234"),
    ("pages.desc", "4321"),
    ("lent_at", "4213"),
    ("lent_at.nullsfirst,id", "1342"),
    ("lent_at.desc,id.desc", "3124"),
    ("lent_at.desc.nullslast,pages.desc", "2431"),
    ("facts->n->>0.desc", "4321"),
]


@pytest.mark.parametrize(("order", "expected"), ORDERS)
def test_rows_come_in_their_order(books: Reader, order: str, expected: str) -> None:
    rows = books.rows(f"trial_books?select=title&order={order}")
    found = "".join(row["title"].removeprefix("Book ") for row in rows)
    assert found in {expected, expected.replace("13", "31") if order == "lent_at" else expected}


BAD = [
    ("select=nothing", 400, "42703"),
    ("select=id,", 400, "PGRST100"),
    ("select=,", 400, "PGRST100"),
    ("select=id;drop table jobs", 400, "PGRST100"),
    ("select=id::", 400, "PGRST100"),
    ("select=id::klingon", 400, "42704"),
    ("select=id::text;drop", 400, "PGRST100"),
    ("select=title::uuid", 400, "22P02"),
    ("select=facts->", 400, "PGRST100"),
    ("select=pages.sum()", 400, "PGRST123"),
    ("select=count()", 400, "PGRST123"),
    ("select=...trial_shelves(*)", 400, "PGRST127"),
    ("order=id.sideways", 400, "PGRST100"),
    ("order=id.desc.asc", 400, "PGRST100"),
    ("order=now()", 400, "PGRST100"),
    ("order=nothing", 400, "42703"),
    ("order=secret", 400, "42703"),
    ("order=trial_shelves(name)", 400, "PGRST108"),
    ("limit=-1", 416, "PGRST103"),
    ("limit=all", 400, "PGRST100"),
    ("limit=99999999999999999999", 400, "PGRST100"),
    ("offset=-1", 400, "2201X"),
    ("select=" + "a(" * 50, 400, "PGRST100"),
    ("select=" + "id:title," * 300 + "id", 400, "54001"),
]


@pytest.mark.parametrize(("query", "status", "code"), BAD)
def test_a_bad_query_is_refused_by_its_code(
    books: Reader, query: str, status: int, code: str
) -> None:
    assert books.code("GET", f"trial_books?{query}") == (status, code)


def test_one_row_is_an_object(books: Reader) -> None:
    response = books.get("trial_books?select=title,lent_at&pages=eq.10", accept=SINGLE)
    assert response.headers["content-type"] == SINGLE
    assert response.json() == {"title": "Book 1", "lent_at": None}
    stripped = books.rows(
        "trial_books?select=title,lent_at&pages=eq.10", accept=f"{SINGLE};nulls=stripped"
    )
    assert stripped == {"title": "Book 1"}
    for query, count in (("pages=eq.5", 0), ("pages=gt.10", 3)):
        answer = books.get(f"trial_books?{query}", accept=SINGLE)
        assert (answer.status_code, answer.json()["code"]) == (406, "PGRST116")
        assert answer.json()["details"] == f"The result contains {count} rows"


def test_rows_come_in_the_format_that_is_accepted(books: Reader) -> None:
    path = "trial_books?select=title,lent_at,facts&order=id&limit=2"
    assert "lent_at" not in books.rows(path, accept=STRIPPED)[0]
    assert books.rows(path, accept="text/html;q=0.9, application/json") == books.rows(path)
    csv = books.get(path, accept="text/csv")
    assert csv.headers["content-type"].startswith("text/csv")
    first, second, *_ = csv.text.splitlines()
    assert (first, second) == ("title,lent_at,facts", '"Book 1",,"{""n"": [1, ""x""]}"')
    assert books.code("GET", path, accept="application/pdf") == (406, "PGRST107")


def test_an_answer_is_not_longer_than_it_may_be(me: Reader) -> None:
    me.make("trial_books", {"title": "x", "facts": {"long": "y" * 400_000}})
    assert me.get("trial_books?select=facts").is_success
    many = ",".join(f"a{nth}:facts" for nth in range(100))
    assert me.code("GET", f"trial_books?select={many}") == (400, "54000")


def test_the_one_schema_is_public(books: Reader) -> None:
    answer = books.get("trial_books", accept_profile="public")
    assert (answer.status_code, answer.headers["content-profile"]) == (200, "public")
    assert books.code("GET", "trial_books", accept_profile="private") == (406, "PGRST106")
    refused = books.code("POST", "trial_books", {}, content_profile="auth")
    assert refused == (406, "PGRST106")


@pytest.mark.parametrize("path", ["nothing", "pg_class", "_yoyo_log", "Trial_books", "workers"])
def test_an_unknown_table_is_404(me: Reader, path: str) -> None:
    assert me.code("GET", path) == (404, "PGRST205")
    assert me.code("POST", path, {"a": 1}) == (404, "PGRST205")
    assert me.code("DELETE", path) == (404, "PGRST205")


def test_other_addresses_and_methods_are_refused(me: Reader) -> None:
    assert me.code("GET", "") == (404, "PGRST126")
    assert me.code("GET", "trial_books/1") == (404, "PGRST125")
    assert me.code("PUT", "trial_books", {}) == (405, "PGRST117")
    assert me.code("DELETE", "rpc/trial_add") == (405, "PGRST101")


def test_a_strict_client_hears_what_is_not_known(books: Reader) -> None:
    prefer = "handling=strict, count=exact, colour=red, tx=rollback"
    answer = books.get("trial_books", prefer=prefer)
    assert (answer.status_code, answer.json()["code"]) == (400, "PGRST122")
    assert answer.json()["details"] == "Invalid preferences: colour=red"
    assert books.get("trial_books", prefer="colour=red").status_code == 200
