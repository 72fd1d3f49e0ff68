"""No generated query causes a server error."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.integration.rest.conftest import Reader

_NAMES = ["id", "title", "pages", "tags", "facts", "span", "is_lent", "lent_at", "shelf_id", "*"]
_MARKS = [",", ".", "(", ")", "->", "->>", "::", ":", "!", '"', "'", "\\", "{", "}", "%", " ", "-"]
_WORDS = [
    *("eq", "neq", "gt", "like", "ilike", "match", "imatch", "is", "in", "cs", "cd", "ov", "not"),
    *("and", "or", "any", "all", "fts", "wfts", "isdistinct", "sl", "adj", "desc", "nullslast"),
    *("null", "true", "text", "int", "json", "uuid", "trial_shelves", "trial_notes", "inner"),
    *("trial_spare", "count", "0", "1", "-1", "99999999999", "x", "é", "💥", "\\u0000", "[1,2)"),
]
_TEXTS = some.lists(some.sampled_from([*_NAMES, *_MARKS, *_WORDS]), max_size=12).map("".join)
_FILTERS = some.tuples(
    some.sampled_from(_NAMES),
    some.sampled_from(["", "->a", "->>0"]),
    some.sampled_from(["", "not."]),
    some.sampled_from([word for word in _WORDS if word.isalpha()]),
    some.sampled_from(["", "(any)", "(all)"]),
    some.one_of(_TEXTS, some.sampled_from(["1", "{1}", "null", "(1,2)", "{}", "[1,2)"])),
).map(lambda parts: (parts[0] + parts[1], f"{parts[2]}{parts[3]}{parts[4]}.{parts[5]}"))
_PAIRS = some.lists(
    some.one_of(
        _FILTERS,
        _FILTERS.map(lambda pair: ("or", f"({pair[0]}.{pair[1]},id.eq.1)")),
        some.tuples(some.sampled_from(["select", "order", "limit", "offset", "and"]), _TEXTS),
        some.tuples(_TEXTS, _TEXTS),
    ),
    min_size=1,
    max_size=3,
)


@pytest.fixture(scope="module")
def user(trial_reader: Reader) -> Reader:
    """A reader with a book whose columns all have values."""
    trial_reader.make(
        "trial_books",
        {"title": "x", "tags": ["x"], "facts": {"a": [1]}, "span": "[1,2)", "is_lent": True},
    )
    return trial_reader


@given(pairs=_PAIRS, method=some.sampled_from(["GET", "GET", "PATCH", "DELETE"]))
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_query_is_a_fault_of_ours(
    user: Reader, pairs: list[tuple[str, str]], method: str
) -> None:
    query = "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in pairs)
    content = {"is_lent": True} if method == "PATCH" else None
    answer = user.ask(method, f"trial_books?{query}&id=gt.0", content)
    assert answer.status_code < 500, (query, answer.text)
    if not answer.is_success:
        assert set(answer.json()) == {"code", "message", "details", "hint"}
