"""Writes that are refused and leave nothing behind."""

from urllib.parse import quote

import pytest

from tests.integration.rest.conftest import Json, Reader

REPRESENTATION = "return=representation"
SINGLE = "application/vnd.pgrst.object+json"

REFUSED: list[tuple[str, str, Json, tuple[int, str]]] = [
    ("POST", "trial_books", {"title": ""}, (400, "23514")),
    ("POST", "trial_books", {"title": None}, (400, "23502")),
    ("POST", "trial_books", {"title": "x", "pages": "many"}, (400, "22P02")),
    ("POST", "trial_books", {"title": "x", "tags": "red"}, (400, "22P02")),
    ("POST", "trial_books", {"title": "x", "shelf_id": -1}, (409, "23503")),
    ("POST", "trial_books", {"title": "a\0b"}, (400, "22P05")),
    ("POST", "trial_books", {"nothing": 1}, (400, "PGRST204")),
    ("POST", "trial_books?columns=nothing", {"title": "x"}, (400, "PGRST204")),
    ("POST", "trial_books?on_conflict=nothing", {"title": "x"}, (400, "42703")),
    ("POST", "trial_books?on_conflict=pages", {"title": "x"}, (400, "42P10")),
    ("POST", "trial_books", [{"title": "x"}, {"pages": 1}], (400, "PGRST102")),
    ("POST", "trial_books", ["x"], (400, "PGRST102")),
    ("POST", "trial_books", "x", (400, "PGRST102")),
    ("POST", "trial_books", None, (400, "PGRST102")),
    ("PATCH", "trial_books", {"nothing": 1}, (400, "PGRST204")),
    ("PATCH", "trial_books?nothing=eq.1", {"pages": 1}, (400, "42703")),
    ("DELETE", "trial_books?nothing=eq.1", None, (400, "42703")),
    ("DELETE", "trial_books?pages=oops.1", None, (400, "PGRST100")),
]


@pytest.mark.parametrize(("method", "path", "content", "refusal"), REFUSED)
def test_what_cannot_be_written_is_refused(
    me: Reader,
    method: str,
    path: str,
    content: Json,
    refusal: tuple[int, str],
) -> None:
    me.make("trial_books", {"title": "Kept"})
    headers = {"prefer": "resolution=merge-duplicates"} if "on_conflict" in path else {}
    assert me.code(method, path, content, **headers) == refusal
    assert [row["title"] for row in me.rows("trial_books")] == ["Kept"]


def test_an_answer_quotes_nothing_but_what_was_sent(me: Reader) -> None:
    me.make("trial_books", {"title": "One"})
    twice = me.ask("POST", "trial_books", {"title": "One"}).json()
    empty = me.ask("POST", "trial_books", {"title": ""}).json()
    for response in (twice, empty):
        assert "not to be seen" not in str(response)
    assert empty["details"] is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 100_000, b"\xff", b"1" * 5000, b'{"a": NaN}', b"[1"]
)
def test_a_body_that_is_no_json_is_refused(me: Reader, content: bytes) -> None:
    answer = me.send("POST", "trial_books", content)
    assert (answer.status_code, answer.json()["code"]) in {(400, "PGRST102"), (400, "PGRST204")}


def test_a_text_that_is_no_text_is_refused(me: Reader) -> None:
    for content in (b'{"title": "\\ud800"}', b'{"\\ud800": 1}', b'{"title": "\\u0000"}'):
        assert me.send("POST", "trial_books", content).status_code == 400


def test_other_bodies_are_refused(me: Reader) -> None:
    form = me.send("POST", "trial_books", b"title=x", "application/x-www-form-urlencoded")
    assert (form.status_code, form.json()["code"]) == (400, "PGRST102")
    large = me.send("POST", "trial_books", b"[" + b" " * 2**20 + b"]")
    assert (large.status_code, large.json()["code"]) == (413, "PGRST102")


def test_not_more_is_changed_than_is_allowed(me: Reader) -> None:
    me.make("trial_books", [{"title": f"Book {nth}"} for nth in range(3)])
    prefer = "handling=strict,max-affected=2"
    for method, content in (("PATCH", {"pages": 1}), ("DELETE", None)):
        assert me.code(method, "trial_books", content, prefer=prefer) == (400, "PGRST124")
        lenient = me.ask(method, "trial_books?id=lt.0", content, prefer="max-affected=2")
        assert lenient.status_code == 204
    assert [row["pages"] for row in me.rows("trial_books")] == [100] * 3
    fine = me.ask("DELETE", "trial_books?title=eq.Book%201", prefer=prefer)
    assert (fine.status_code, fine.headers["preference-applied"]) == (
        204,
        "handling=strict, max-affected=2",
    )


def test_a_write_that_is_not_of_one_row_is_undone(me: Reader) -> None:
    headers = {"prefer": REPRESENTATION, "accept": SINGLE}
    rows = [{"title": "One"}, {"title": "Two"}]
    assert me.code("POST", "trial_books", rows, **headers) == (406, "PGRST116")
    assert me.rows("trial_books") == []
    response = me.ask("POST", "trial_books?select=title", rows[0], **headers)
    assert (response.status_code, response.json()) == (201, {"title": "One"})
    assert me.code("DELETE", "trial_books?title=eq.Two", **headers) == (406, "PGRST116")
    changed = me.ask("PATCH", f"trial_books?title=eq.{quote('One')}", {"pages": 3}, **headers)
    assert changed.json()["pages"] == 3
