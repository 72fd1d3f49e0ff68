"""Limits of reads, results and changes per request; resources that filters refer to many times."""

import pytest

from tests.integration.rest.conftest import Json, Reader
from tests.support.local_system import LocalSystem, UserClient

BY_SHELF = "trial_books!trial_books_shelf_id_fkey"
TWICE = "(n.not.is.null,n.not.is.null)"


@pytest.fixture
def shelves(me: Reader) -> Reader:
    """A reader with two shelves: one with three books, one of which has a note; one empty."""
    top, _ = me.make("trial_shelves", [{"name": "Top"}, {"name": "Empty"}])
    books = me.make(
        "trial_books",
        [{"title": f"Book {nth}", "pages": nth, "shelf_id": top["id"]} for nth in (1, 2, 3)],
    )
    me.make("trial_notes", {"book_id": books[0]["id"], "note": "Good"})
    return me


JOINED: list[tuple[str, Json]] = [
    (f"trial_shelves?select=name,b:{BY_SHELF}()&or=(b.is.null,b.is.null)", [{"name": "Empty"}]),
    (f"trial_shelves?select=name,b:{BY_SHELF}()&or=(b.not.is.null,name.eq.x)", [{"name": "Top"}]),
    (f"trial_shelves?select=name,b:{BY_SHELF}()&not.or=(b.is.null)", [{"name": "Top"}]),
    (
        f"trial_shelves?select=name,b:{BY_SHELF}(pages)&b=not.is.null&b.pages=gt.1&b.order=pages",
        [{"name": "Top", "b": [{"pages": 2}, {"pages": 3}]}],
    ),
    (f"trial_shelves?select=name,b:{BY_SHELF}(pages)&b=not.is.null&b.pages=gt.3", []),
    (
        f"trial_shelves?select=name,b:{BY_SHELF}(pages)&b=is.null",
        [{"name": "Empty", "b": []}],
    ),
    (
        f"trial_shelves?select=name,b:{BY_SHELF}(count)&b=is.null",
        [{"name": "Empty", "b": [{"count": 0}]}],
    ),
    (
        f"trial_shelves?select=name,b:{BY_SHELF}!inner(count)",
        [{"name": "Top", "b": [{"count": 3}]}],
    ),
    (
        f"trial_shelves?select=name,b:{BY_SHELF}(pages,n:trial_notes())&b=not.is.null&b.or={TWICE}",
        [{"name": "Top", "b": [{"pages": 1}]}],
    ),
    (
        f"trial_shelves?select=name,b:{BY_SHELF}(pages,trial_notes!inner(note))&b=is.null&b.pages=eq.2",
        [{"name": "Empty", "b": []}, {"name": "Top", "b": []}],
    ),
    (
        "trial_books?select=pages,on:shelf_id!inner(name)&order=on(name).desc,on(id),pages.desc&limit=2",
        [{"pages": 3, "on": {"name": "Top"}}, {"pages": 2, "on": {"name": "Top"}}],
    ),
    (
        "trial_books?select=pages,n:trial_notes(note)&order=n(note).nullslast,pages&n=is.null",
        [{"pages": 2, "n": None}, {"pages": 3, "n": None}],
    ),
    (
        "trial_books?select=pages,n:trial_notes()&n=not.is.null&order=n(note)",
        [{"pages": 1}],
    ),
]


@pytest.mark.parametrize(("path", "rows"), JOINED)
def test_a_resource_to_which_a_filter_refers_is_joined(
    shelves: Reader, path: str, rows: Json
) -> None:
    response = shelves.rows(path)
    if "&order=" not in path:
        response, rows = sorted(response, key=str), sorted(rows, key=str)
    assert response == rows


def test_a_count_is_of_the_same_rows(shelves: Reader) -> None:
    path = f"trial_shelves?select=name,b:{BY_SHELF}(pages)&or=(b.is.null,b.is.null)"
    answer = shelves.get(path, prefer="count=exact")
    assert (answer.json(), answer.headers["content-range"]) == (
        [{"name": "Empty", "b": []}],
        "0-0/1",
    )
    counted = shelves.ask("HEAD", path, prefer="count=exact")
    assert counted.headers["content-range"] == "0-0/1"


@pytest.fixture(scope="module", params=["without statistics", "analyzed"])
def crowded(trial: LocalSystem, request: pytest.FixtureRequest) -> Reader:
    """A reader with 1000 books on one shelf, before and after Postgres analyzed the tables."""
    user = UserClient(trial)
    reader = Reader(trial.base, user.token, user.id)
    (shelf,) = reader.make("trial_shelves", {"name": "Full"})
    stands = {"shelf_id": shelf["id"], "facts": {"long": "y" * 300}}
    rows = [{"title": f"Book {nth}", **stands} for nth in range(1000)]
    assert reader.ask("POST", "trial_books", rows).status_code == 201
    if request.param == "analyzed":
        with trial.database() as connection:
            connection.execute(b"analyze trial_books, trial_shelves, trial_notes")
    return reader


REFUSED = [
    f"trial_books?select=id,shelf_id({BY_SHELF}(id))",
    f"trial_books?select=id,shelf_id!inner({BY_SHELF}!inner(id))",
    f"trial_books?select=id,shelf_id({BY_SHELF}(id))&shelf_id.trial_books.pages=eq.9",
    f"trial_books?select=id,shelf_id({BY_SHELF}(count))",
    f"trial_books?select=id,shelf_id({BY_SHELF}(id))&order=shelf_id(name)",
    "trial_books?select=" + ",".join(f"a{nth}:facts" for nth in range(200)),
    "trial_books?select=" + ",".join(f"a{nth}:facts->long" for nth in range(50)),
    "trial_books?select=id&title=fts." + "|".join(["a"] * 400),
    "trial_books?select=id&or=(" + ",".join(["title.fts.a"] * 90) + ")",
    f"trial_books?select=id,shelf_id({BY_SHELF}(*))",
    "trial_books?select=id&or=(" + ",".join(["facts->>long.ilike.*z*"] * 20) + ")",
]


@pytest.mark.parametrize("path", REFUSED)
def test_a_query_that_reads_or_returns_too_much_is_refused(crowded: Reader, path: str) -> None:
    assert crowded.code("GET", path) == (400, "54000")
    assert crowded.get(f"{path}&limit=1&id=lt.0").is_success


def test_lines_of_csv_are_counted_too(crowded: Reader) -> None:
    path = "trial_books?select=" + ",".join(f"a{nth}:facts" for nth in range(200))
    assert crowded.code("GET", path, accept="text/csv") == (400, "54000")


def test_an_ordinary_query_of_many_rows_is_read(crowded: Reader) -> None:
    (shelf,) = crowded.rows(f"trial_shelves?select=name,{BY_SHELF}(id,title,shelf_id(name))")
    assert len(shelf["trial_books"]) == 1000
    assert len(crowded.rows("trial_books?select=*,shelf_id(*),trial_notes(*)")) == 1000
    assert len(crowded.rows("trial_books?title=ilike.*book*&facts->>long=like.y*")) == 1000
    assert len(crowded.rows("trial_books?title=fts.book")) == 1000


def test_one_request_changes_so_many_rows_and_no_more(crowded: Reader, other: Reader) -> None:
    refused = crowded.ask("POST", "trial_books", [{"title": "x"}] * 1001)
    assert (refused.status_code, refused.json()["details"]) == (
        400,
        "At most 1,000 rows in one request.",
    )
    for nth in (0, 1):
        other.make("trial_books", [{"title": f"{nth}-{count}"} for count in range(501 - nth)])
    for method, content in (("PATCH", {"pages": 5}), ("DELETE", None)):
        for prefer in ("return=minimal", "return=representation", "count=exact"):
            path = "trial_books?id=not.is.null"
            assert other.code(method, path, content, prefer=prefer) == (400, "54000")
    assert other.rows("trial_books?pages=eq.5") == []
    assert other.ask("PATCH", "trial_books?title=neq.0-0", {"pages": 5}).status_code == 204
    assert len(other.rows("trial_books?pages=eq.5")) == 1000
