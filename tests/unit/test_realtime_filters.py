"""Filters of a Realtime binding: what they match, and which are invalid."""

import pytest

from functions.realtime import filters
from shared.errors import InvalidRequestError

TYPES = {
    "id": "uuid",
    "name": "text",
    "credits": "int4",
    "progress": "float4",
    "done": "bool",
    "at": "timestamptz",
    "tags": "_text",
    "metadata": "jsonb",
}
ROW = {
    "id": "0d000000-0000-4000-8000-00000000000a",
    "name": "b",
    "credits": 10,
    "progress": 0.1,
    "done": False,
    "at": "2026-11-23T10:00:00.5+00:00",
    "tags": ["a"],
    "metadata": None,
}


def holds(text: str, **other: object) -> bool:
    return all(filter_.matches({**ROW, **other}) for filter_ in filters.read(text, TYPES))


@pytest.mark.parametrize(
    "text",
    [
        *("", "name=eq.b", "name=neq.a", "name=gt.a", "name=gte.b", "name=lt.c", "name=lte.b"),
        *("name=in.(a,b)", "name=in.( a , b )", 'name=in.("a","b")', 'name=eq."b"'),
        *("credits=gt.9", "credits=lt.100", "credits=eq.10.0", "credits=in.(1,10)"),
        *("progress=eq.0.1", "progress=gt.-1", "done=eq.false", "done=neq.true", "done=eq.F"),
        "id=eq.0D000000-0000-4000-8000-00000000000A",
        "at=gt.2026-11-23T09:00:00Z",
        "at=eq.2026-11-23T11:00:00.5+01:00",
        "at=lt.2026-11-24",
        "name=eq.b,credits=eq.10",
        "name=eq.b, credits=in.(10,11),done=eq.false",
    ],
)
def test_a_filter_that_holds(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        *("name=eq.a", "name=eq.B", "name=neq.b", "name=gt.b", "name=lt.b", "name=in.(a,c)"),
        *("credits=lt.9", "credits=gt.100", "progress=gt.0.1", "done=eq.true", "name=eq."),
        *("name=eq.b,credits=eq.11", "name=in.()"),
        "at=gt.2026-11-23T11:00:00Z",
    ],
)
def test_a_filter_that_does_not_hold(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize("text", ["name=eq.x", "name=neq.x", "name=in.(x)"])
def test_null_and_what_is_not_there_match_nothing(text: str) -> None:
    assert not holds(text, name=None)
    assert not any(filter_.matches({}) for filter_ in filters.read(text, TYPES))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('name=eq."a,b"', "a,b"),
        (r'name=eq."say \"hi\" \\"', 'say "hi" \\'),
        ('name=in.(x,"a,(b)")', "a,(b)"),
        ("name=eq.a.b=c", "a.b=c"),
        ('name=eq."a"b', 'name is `"a"b`'),
        ("name=eq.f(x)", "f(x)"),
    ],
)
def test_quotes_hold_commas(text: str, name: str) -> None:
    assert holds(text, name=name.removeprefix("name is `").removesuffix("`"))


@pytest.mark.parametrize(
    "text",
    [
        *("name", "name=", "name=eq", "=eq.b", "name.eq.b", "undefined", "nothing=eq.b"),
        *("name=like.b", "name=not.eq.b", "name=is.null", "name=eq.b,", ",name=eq.b"),
        *("name=eq.b,,name=eq.b", "name=in.a", "name=in.(a", 'name=eq."b', "name=eq.(b"),
        *("credits=eq.x", "credits=eq.", "credits=eq.NaN", "credits=gt.Infinity", "id=eq.1"),
        *("done=eq.maybe", "at=lt.soon", "tags=eq.a", "metadata=eq.{}", "credits=in.(1,x)"),
        f"credits=in.({','.join(['1'] * 101)})",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        filters.read(text, TYPES)
