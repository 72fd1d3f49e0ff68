"""Limits of a ``rest`` query, and the SQL that is composed for it."""

import pytest

from functions.rest.errors import RestError
from functions.rest.request import headers, patterns
from functions.rest.request.query_string import read_query
from functions.rest.request.request import RestRequest
from functions.rest.schema.catalog import Catalogue, Column, ForeignKey, Table
from functions.rest.sql import plan

UUID_TYPE = ("pg_catalog", "uuid")
JOBS = Table(
    "jobs",
    {name: Column(name, UUID_TYPE, True, name == "id") for name in ("id", "session_id", "text")},
)
SESSIONS = Table("sessions", {"id": Column("id", UUID_TYPE, True, True)})
LINK = ForeignKey("jobs_session", "jobs", ("session_id",), "sessions", ("id",), is_unique=False)
CATALOGUE = Catalogue({"jobs": JOBS, "sessions": SESSIONS}, (LINK,))


def _nested(depth: int) -> str:
    """Return a select with this many levels of nested resources, starting at sessions."""
    select = "id"
    for level in reversed(range(depth)):
        select = f"id,e{level}:{'sessions' if level % 2 else 'jobs'}({select})"
    return select


def _many(text: str, count: int) -> str:
    return ",".join(text.replace("#", str(number)) for number in range(count))


AT_THE_LIMIT = [
    ("embedded resources", 20, lambda n: [("select", _many("e#:jobs(id)", n))]),
    ("levels of embedded resources", 8, lambda n: [("select", _nested(n))]),
    ("columns in select", 300, lambda n: [("select", _many("a#:id", n))]),
    ("filters", 100, lambda n: [("or", f"({_many('id.is.null', n)})")]),
    ("filters", 100, lambda n: [("id", "is.null")] * n),
    ("terms in order", 20, lambda n: [("order", _many("id", n))]),
    ("values in the lists of in", 1000, lambda n: [("id", f"in.({_many('#', n)})")]),
    ("steps in a JSON path", 10, lambda n: [("select", "text" + "->a" * n)]),
    ("steps in a JSON path", 10, lambda n: [("text" + "->a" * n, "eq.1")]),
    ("steps in a JSON path", 10, lambda n: [("order", "text" + "->a" * n)]),
    ("steps in a JSON path", 10, lambda n: [("or", f"(text{'->a' * n}.eq.1)")]),
    ("characters in a full-text search", 1000, lambda n: [("text", "fts." + "a" * n)]),
    ("characters in the query string", 16_384, lambda n: [("text", "eq." + "a" * (n - 7))]),
    ("parameters", 200, lambda n: [("limit", "1")] * n),
]


@pytest.mark.parametrize(("noun", "limit", "pairs"), AT_THE_LIMIT)
def test_a_query_may_name_so_much_and_no_more(noun: str, limit: int, pairs: object) -> None:
    assert callable(pairs)
    read_query(pairs(limit))
    with pytest.raises(RestError) as refused:
        read_query(pairs(limit + 1))
    assert (refused.value.status, refused.value.error_code) == (400, "54001")
    assert refused.value.public_details == f"At most {limit:,} {noun}."


def _tables(pairs: list[tuple[str, str]]) -> int:
    """Return how often the SQL for a query reads a table."""
    query = read_query(pairs)
    prefer, form = headers.preferences(""), headers.accepted("")
    request = RestRequest("GET", "sessions", False, query, prefer, form, None, {})
    statement = plan.plan_read(request, CATALOGUE).statement.as_string()
    return statement.count('"public"."jobs"') + statement.count('"public"."sessions"')


@pytest.mark.parametrize("depth", [1, 3, 8])
@pytest.mark.parametrize("times", [1, 12])
def test_a_resource_is_composed_once_however_often_filters_refer_to_it(
    depth: int, times: int
) -> None:
    pairs, path = [("select", _nested(depth))], ""
    for level in range(depth):
        pairs.append((f"{path}or", f"({_many(f'e{level}.is.null', times)})"))
        path += f"e{level}."
    assert _tables(pairs) == depth + 1


@pytest.mark.parametrize("depth", [1, 3, 8])
def test_an_inner_resource_is_composed_twice_at_most(depth: int) -> None:
    """The innermost one twice: for the existence test, and for its rows."""
    inner = _nested(depth).replace("jobs(", "jobs!inner(").replace("sessions(", "sessions!inner(")
    assert _tables([("select", inner)]) == depth + 2
    assert _tables([("select", inner), ("e0", "not.is.null")]) <= depth + 2


TAKEN = [
    *("^[AB]", "^cat", "a.*b", "(a|b)+c", r"\d+", r"\yword\y", "(?:a|b)*", "(^|,)red(,|$)"),
    *("[[:alpha:]]+", r"[\]{}(?=)]x", r"a\{2\}", "[", "(", "x" * 200),
]
REFUSED = [
    *("a{2}", "(?:a?){100}", "(?=a)", "(?!a)", "(?<=a)b", "(?i)a", r"(a)\1", r"(^|a)*b"),
    *(r"(\y|a)+", "(^|$)" * 5, "(" * 11, "x" * 201),
    *(r"\[(a?){99}]", "[a]{99}", "[^]]{99}", r"[\]]{99}"),
]


@pytest.mark.parametrize("pattern", TAKEN)
def test_an_ordinary_pattern_is_taken(pattern: str) -> None:
    patterns.check(pattern)


@pytest.mark.parametrize("pattern", REFUSED)
def test_a_pattern_that_may_take_long_is_refused(pattern: str) -> None:
    with pytest.raises(RestError) as refused:
        patterns.check(pattern)
    assert (refused.value.status, refused.value.error_code) == (400, "2201B")


def test_the_patterns_of_an_array_are_checked() -> None:
    patterns.check_array("{^a,(b|c)+}")
    for array in ("{a{2}}", r"{a\{2\}}", r'{"(a)\\1"}', "{x,(?=a)}"):
        with pytest.raises(RestError):
            patterns.check_array(array)
