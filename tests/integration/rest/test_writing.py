"""Inserts, updates, deletes and upserts."""

from tests.integration.rest.conftest import Json, Reader

REPRESENTATION = "return=representation"
SINGLE = "application/vnd.pgrst.object+json"


def test_rows_are_inserted(me: Reader) -> None:
    answer = me.ask("POST", "trial_books", {"title": "One"})
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["content-range"] == "*/*"
    row = {
        "title": "Two",
        "pages": 7,
        "tags": ["a,b", 'c"d', None],
        "facts": {"deep": [1.5, None, {"x": "y"}]},
        "span": "[1,3)",
        "is_lent": False,
        "lent_at": "2026-01-02T03:04:05+00:00",
        "odd %s name": "%(v0)s",
    }
    (made,) = me.make("trial_books", [row])
    assert {name: made[name] for name in row} == row
    assert made["owner"] == me.id


def test_inserted_rows_are_returned_and_counted(me: Reader) -> None:
    counted = me.ask(
        "POST",
        "trial_books?select=title",
        [{"title": "A"}, {"title": "B"}],
        prefer=f"{REPRESENTATION},count=exact",
    )
    assert counted.json() == [{"title": "A"}, {"title": "B"}]
    assert counted.headers["content-range"] == "*/2"
    assert counted.headers["preference-applied"] == f"{REPRESENTATION}, count=exact"
    assert len(me.rows("trial_books")) == 2


def test_many_rows_are_delivered_complete(me: Reader) -> None:
    rows = [{"title": f"Book {nth}"} for nth in range(1000)]
    assert len(me.make("trial_books?limit=5", rows)) == 1000
    me.make("trial_books", {"title": "One more"})
    assert len(me.rows("trial_books")) == 1000
    assert me.ask("DELETE", "trial_books?title=eq.One%20more").status_code == 204
    assert len(me.ask("DELETE", "trial_books", prefer=REPRESENTATION).json()) == 1000


def test_headers_only_returns_the_location_of_the_row(me: Reader) -> None:
    headers = {"prefer": "return=headers-only"}
    answer = me.ask("POST", "trial_books", {"title": "One"}, **headers)
    assert (answer.status_code, answer.content) == (201, b"")
    (row,) = me.rows(answer.headers["location"].removeprefix("/"))
    assert row["title"] == "One"
    both = me.ask("POST", "trial_books", [{"title": "Two"}, {"title": "Three"}], **headers)
    assert both.status_code == 201
    assert "location" not in both.headers


def test_columns_say_what_is_written(me: Reader) -> None:
    rows = [{"title": "One", "pages": 1}, {"title": "Two", "is_lent": True, "nothing": 1}]
    path = "trial_books?columns=title,pages,is_lent&select=title,pages,is_lent&order=title"
    assert me.code("POST", path, rows) == (400, "23502")
    response = me.ask("POST", path, rows, prefer=f"{REPRESENTATION},missing=default")
    assert response.json() == [
        {"title": "One", "pages": 1, "is_lent": None},
        {"title": "Two", "pages": 100, "is_lent": True},
    ]
    assert "missing=default" in response.headers["preference-applied"]
    changed = me.ask(
        "PATCH",
        "trial_books?columns=title,pages&title=eq.One&select=title,pages",
        {"title": "New"},
        prefer=f"{REPRESENTATION},missing=default",
    )
    assert changed.json() == [{"title": "New", "pages": 100}]


def test_nothing_but_defaults_is_inserted(me: Reader) -> None:
    assert me.ask("POST", "trial_books", []).status_code == 201
    assert me.make("trial_books", []) == []
    assert me.code("POST", "trial_books", {}) == (400, "23502")
    assert me.code("POST", "trial_books", [{}, {}]) == (400, "23502")


def test_rows_are_updated(me: Reader) -> None:
    me.make("trial_books", [{"title": f"Book {nth}", "pages": nth} for nth in range(4)])
    answer = me.ask("PATCH", "trial_books?pages=gt.1", {"is_lent": True, "tags": ["x"]})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["content-range"] == "0-1/*"
    changed = me.ask(
        "PATCH",
        "trial_books?or=(pages.eq.0,tags.cs.{x})&select=pages,is_lent&order=pages.desc",
        {"is_lent": None},
        prefer=REPRESENTATION,
    )
    assert changed.json() == [{"pages": nth, "is_lent": None} for nth in (3, 2, 0)]
    nothings: list[Json] = [{}, []]
    for content in nothings:
        nothing = me.ask("PATCH", "trial_books", content, prefer=REPRESENTATION)
        assert (nothing.status_code, nothing.json()) == (200, [])
    assert me.ask("PATCH", "trial_books", {"pages": 9}).headers["content-range"] == "0-3/*"


def test_rows_are_deleted(me: Reader) -> None:
    me.make("trial_books", [{"title": f"Book {nth}", "pages": nth} for nth in range(4)])
    gone = me.ask(
        "DELETE", "trial_books?pages=lt.2&select=pages&order=pages", prefer=REPRESENTATION
    )
    assert (gone.status_code, gone.json()) == (200, [{"pages": 0}, {"pages": 1}])
    rest = me.ask("DELETE", "trial_books", prefer="count=exact")
    assert (rest.status_code, rest.headers["content-range"]) == (204, "*/2")
    assert me.rows("trial_books") == []


def test_what_was_written_embeds(me: Reader) -> None:
    (shelf,) = me.make("trial_shelves", {"name": "Top"})
    made = me.make(
        "trial_books?select=title,on:shelf_id(name)", {"title": "One", "shelf_id": shelf["id"]}
    )
    assert made == [{"title": "One", "on": {"name": "Top"}}]


def test_duplicates_are_merged_or_ignored(me: Reader) -> None:
    merge = f"resolution=merge-duplicates,{REPRESENTATION}"
    ignore = f"resolution=ignore-duplicates,{REPRESENTATION}"
    path = "trial_books?on_conflict=owner,title&select=title,pages&order=title"
    one, two = {"title": "One", "pages": 1}, {"title": "Two", "pages": 2}
    first = me.ask("POST", path, [one], prefer=merge)
    assert (first.status_code, first.json()) == (201, [one])
    assert "resolution=merge-duplicates" in first.headers["preference-applied"]
    again = me.ask("POST", path, [{**one, "pages": 5}], prefer=merge)
    assert (again.status_code, again.json()) == (200, [{**one, "pages": 5}])
    both = me.ask("POST", path, [one, two], prefer=merge)
    assert (both.status_code, both.json()) == (201, [one, two])
    ignored = me.ask(
        "POST", path, [{**one, "pages": 9}, {"title": "Zed", "pages": 3}], prefer=ignore
    )
    assert (ignored.status_code, ignored.json()) == (201, [{"title": "Zed", "pages": 3}])
    assert me.code("POST", path, [one, one], prefer=merge) == (400, "21000")
    assert me.code("POST", path, one) == (409, "23505")
    assert len(me.rows("trial_books")) == 3


def test_an_upsert_goes_by_the_primary_key(me: Reader) -> None:
    (book,) = me.make("trial_books", {"title": "One"})
    note = {"book_id": book["id"], "note": "Good"}
    for text, status in (("Good", 201), ("Better", 200)):
        answer = me.ask(
            "POST", "trial_notes", {**note, "note": text}, prefer="resolution=merge-duplicates"
        )
        assert answer.status_code == status
    assert me.rows("trial_notes?select=note") == [{"note": "Better"}]
