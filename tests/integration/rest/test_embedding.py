"""Embedded tables, along foreign keys."""

import pytest

from tests.integration.rest.conftest import Json, Reader
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker


@pytest.fixture
def shelf(me: Reader) -> int:
    """A shelf with three books, one of them with a note; and one book without a shelf."""
    (shelf,) = me.make("trial_shelves", {"name": "Top"})
    stands = {"shelf_id": shelf["id"]}
    books = me.make(
        "trial_books",
        [{"title": f"Book {nth}", "pages": nth, **stands} for nth in (1, 2, 3)],
    )
    me.make("trial_books", {"title": "Lost"})
    me.make("trial_notes", {"book_id": books[0]["id"], "note": "Good"})
    made: int = shelf["id"]
    return made


BY_SHELF = "trial_books!trial_books_shelf_id_fkey"
EMBEDDED: list[tuple[str, Json]] = [
    (
        f"trial_shelves?select=name,{BY_SHELF}(title)&trial_books.order=pages.desc",
        [{"name": "Top", "trial_books": [{"title": f"Book {n}"} for n in (3, 2, 1)]}],
    ),
    (
        f"trial_shelves?select=books:{BY_SHELF}(pages)&books.pages=gt.1&books.order=id&books.limit=1",
        [{"books": [{"pages": 2}]}],
    ),
    (
        f"trial_shelves?select=b:{BY_SHELF}(pages)&b.or=(pages.eq.1,pages.eq.3)&b.order=id",
        [{"b": [{"pages": 1}, {"pages": 3}]}],
    ),
    (f"trial_shelves?select=name,{BY_SHELF}!inner(pages)&trial_books.pages=eq.9", []),
    (
        f"trial_shelves?select=name,{BY_SHELF}(count)",
        [{"name": "Top", "trial_books": [{"count": 3}]}],
    ),
    (f"trial_shelves?select=name,{BY_SHELF}()&trial_books=not.is.null", [{"name": "Top"}]),
    (f"trial_shelves?select=name,{BY_SHELF}()&trial_books=is.null", []),
    (
        "trial_books?select=title,shelf_id(name)&order=id",
        [
            *({"title": f"Book {n}", "shelf_id": {"name": "Top"}} for n in (1, 2, 3)),
            {"title": "Lost", "shelf_id": None},
        ],
    ),
    (
        "trial_books?select=title,on:trial_shelves!shelf_id!inner(*)&order=id&limit=1&on=not.is.null",
        None,
    ),
    (
        "trial_books?select=pages,trial_books_shelf_id_fkey(name)&order=id&limit=1",
        [{"pages": 1, "trial_books_shelf_id_fkey": {"name": "Top"}}],
    ),
    (
        "trial_books?select=title,trial_notes(note)&pages=lt.3&order=id",
        [
            {"title": "Book 1", "trial_notes": {"note": "Good"}},
            {"title": "Book 2", "trial_notes": None},
        ],
    ),
    (
        "trial_books?select=title,trial_notes!inner(note)",
        [{"title": "Book 1", "trial_notes": {"note": "Good"}}],
    ),
    (
        "trial_books?select=pages,shelf_id(name)&order=shelf_id(name).nullsfirst,pages.desc&limit=2",
        [{"pages": 100, "shelf_id": None}, {"pages": 3, "shelf_id": {"name": "Top"}}],
    ),
    (
        "trial_notes?select=note,trial_books(title,shelf_id(name))",
        [{"note": "Good", "trial_books": {"title": "Book 1", "shelf_id": {"name": "Top"}}}],
    ),
]


@pytest.mark.parametrize(("path", "rows"), EMBEDDED)
@pytest.mark.usefixtures("shelf")
def test_a_resource_is_embedded(me: Reader, path: str, rows: Json) -> None:
    found = me.rows(path)
    if rows is None:
        assert [row["on"]["name"] for row in found] == ["Top"]
    else:
        assert found == rows


@pytest.mark.usefixtures("shelf")
def test_a_count_is_of_the_rows_that_have_what_is_needed(me: Reader) -> None:
    path = "trial_books?select=title,trial_notes!inner(note)"
    answer = me.get(path, prefer="count=exact")
    assert (answer.status_code, answer.headers["content-range"]) == (200, "0-0/1")


def test_what_hangs_on_a_row_is_its_owners(me: Reader, other: Reader, shelf: int) -> None:
    """Another user's book on my shelf is not shown to me, nor my shelf to that user."""
    other.make("trial_books", {"title": "Stray", "shelf_id": shelf})
    titles = me.rows(f"trial_shelves?select={BY_SHELF}(title)")[0]["trial_books"]
    assert {"title": "Stray"} not in titles
    assert len(titles) == 3
    assert other.rows("trial_books?select=shelf_id(name)") == [{"shelf_id": None}]
    assert other.rows("trial_books?select=title,shelf_id!inner(name)") == []


REFUSED = [
    ("trial_shelves?select=trial_books(*)", 300, "PGRST201"),
    ("trial_books?select=trial_shelves(*)", 300, "PGRST201"),
    ("trial_books?select=nothing(*)", 400, "PGRST200"),
    ("trial_books?select=trial_shelves!nothing(*)", 400, "PGRST200"),
    ("trial_shelves?select=profiles(*)", 400, "PGRST200"),
    ("trial_books?select=shelf_id(nothing)", 400, "42703"),
    ("trial_notes?select=trial_books(secret)", 400, "42703"),
    ("trial_notes?select=trial_books(*)&trial_books.secret=eq.x", 400, "42703"),
    ("trial_notes?select=trial_books(*)&books.pages=eq.1", 400, "PGRST108"),
    ("trial_notes?select=trial_books(*)&books.order=pages", 400, "PGRST108"),
    ("trial_notes?select=trial_books(*)&trial_books=eq.1", 400, "PGRST120"),
    (f"trial_shelves?select={BY_SHELF}(*)&order=trial_books(id)", 400, "PGRST118"),
    ("trial_notes?select=" + ",".join(f"a{n}:trial_books(*)" for n in range(21)), 400, "54001"),
    ("jobs?select=workers(*)", 400, "PGRST200"),
]


@pytest.mark.parametrize(("path", "status", "code"), REFUSED)
def test_what_cannot_be_embedded_is_refused(me: Reader, path: str, status: int, code: str) -> None:
    assert me.code("GET", path) == (status, code)


def test_several_ways_are_named(me: Reader) -> None:
    answer = me.get("trial_shelves?select=trial_books(*)").json()
    assert {detail["cardinality"] for detail in answer["details"]} == {"one-to-many"}
    assert "'trial_books!trial_spare'" in answer["hint"]


def test_jobs_embed_though_they_are_a_view_to_users(
    bare: LocalSystem, hand_worker: ScriptedWorker
) -> None:
    person = UserClient(bare)
    job = person.create_job()
    hand_worker.finish(job)
    (row,) = person.rows("jobs", select="*,workspace_assets(*),job_progress(*),credit_ledger(kind)")
    assert row["workspace_assets"][0]["job_id"] == row["id"] == job
    assert "lease_until" not in row
    (asset,) = person.rows("workspace_assets", select="*,jobs(*)")
    assert asset["jobs"]["id"] == job
    assert "parameters" not in asset["jobs"]
    assert person.rows("credit_ledger", select="kind,jobs!inner(status)")
