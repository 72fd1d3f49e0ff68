"""Limits, ranges and counts."""

import pytest

from tests.integration.rest.conftest import Reader


@pytest.fixture
def books(me: Reader) -> Reader:
    """A reader with four books."""
    me.make("trial_books", [{"title": f"Book {nth}", "pages": 10 * nth} for nth in range(1, 5)])
    return me


PAGES = [
    ("", {}, 200, "0-3/*", 4),
    ("limit=2", {}, 200, "0-1/*", 2),
    ("limit=2&offset=3", {}, 200, "3-3/*", 1),
    ("offset=9", {}, 200, "*/*", 0),
    ("", {"prefer": "count=exact"}, 200, "0-3/4", 4),
    ("limit=2", {"prefer": "count=exact"}, 206, "0-1/4", 2),
    ("limit=2&offset=2", {"prefer": "count=planned"}, 206, "2-3/4", 2),
    ("offset=4", {"prefer": "count=estimated"}, 206, "*/4", 0),
    ("offset=5", {"prefer": "count=exact"}, 416, None, 0),
    ("limit=0", {"prefer": "count=exact"}, 206, "*/4", 0),
    ("pages=gt.20", {"prefer": "count=exact"}, 200, "0-1/2", 2),
    ("pages=gt.99", {"prefer": "count=exact"}, 200, "*/0", 0),
    ("", {"range": "1-2", "range-unit": "items"}, 200, "1-2/*", 2),
    ("", {"range": "1-2", "prefer": "count=exact"}, 206, "1-2/4", 2),
    ("", {"range": "2-"}, 200, "2-3/*", 2),
    ("", {"range": "bytes=0-1"}, 200, "0-3/*", 4),
    ("limit=2&offset=1", {"range": "0-1"}, 200, "1-1/*", 1),
    ("", {"range": "2-1"}, 416, None, 0),
    ("limit=1", {"range": "2-3"}, 416, None, 0),
]


@pytest.mark.parametrize(("query", "headers", "status", "span", "rows"), PAGES)
def test_a_page_says_which_rows_it_holds(
    books: Reader, query: str, headers: dict[str, str], status: int, span: str | None, rows: int
) -> None:
    answer = books.get(f"trial_books?{query}", **headers)
    assert answer.status_code == status, answer.text
    if span is None:
        assert answer.json()["code"] == "PGRST103"
        return
    assert (answer.headers["content-range"], len(answer.json())) == (span, rows)
    applied = "count=exact" if "prefer" in headers else None
    assert answer.headers.get("preference-applied") == applied
    head = books.ask("HEAD", f"trial_books?{query}", **headers)
    if "range" not in headers:  # ranges apply to GET only
        assert (head.status_code, head.headers["content-range"]) == (status, span)
    assert head.content == b""
