"""Parsing of PostgREST's query language, without a database."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from functions.rest.errors import RestError
from functions.rest.request import filter_parser, headers, select_parser
from functions.rest.request.ast import (
    Column,
    Condition,
    Embed,
    Field,
    FilterNode,
    Group,
    JsonPathStep,
    OrderTerm,
    SelectNode,
)
from functions.rest.request.headers import Format
from functions.rest.request.query_string import read_query

A, B = Field("a"), Field("b")
STAR = Column(Field("*"))
SELECTS = [
    ("", SelectNode([STAR])),
    ("*", SelectNode([STAR])),
    ("a, b ", SelectNode([Column(A), Column(B)])),
    ("x:a", SelectNode([Column(A, "x")])),
    ("a::text", SelectNode([Column(A, None, "text")])),
    ("x:a->b::int", SelectNode([Column(Field("a", (JsonPathStep("b"),)), "x", "int")])),
    (
        "a->0->>b",
        SelectNode([Column(Field("a", (JsonPathStep("0", True), JsonPathStep("b", False, True))))]),
    ),
    ("a->-1", SelectNode([Column(Field("a", (JsonPathStep("-1", True),)))])),
    ('"a,b":"c\\"d"', SelectNode([Column(Field('c"d'), "a,b")])),
    ("a-b", SelectNode([Column(Field("a-b"))])),
    ("été", SelectNode([Column(Field("été"))])),
    ("count", SelectNode([Column(Field("count"))])),
    ("t()", SelectNode([], [Embed("t", SelectNode())])),
    ("a,t(*)", SelectNode([Column(A)], [Embed("t", SelectNode([STAR]))])),
    ("x:t!h!inner(a)", SelectNode([], [Embed("t", SelectNode([Column(A)]), "x", "h", True)])),
    ("t!inner!h(a)", SelectNode([], [Embed("t", SelectNode([Column(A)]), None, "h", True)])),
    ("t!left(a)", SelectNode([], [Embed("t", SelectNode([Column(A)]))])),
    (
        "t(u(a),b)",
        SelectNode(
            [], [Embed("t", SelectNode([Column(B)], [Embed("u", SelectNode([Column(A)]))]))]
        ),
    ),
]
ORDERS = [
    ("a", [OrderTerm(A)]),
    ("a.desc", [OrderTerm(A, None, "desc")]),
    ("a.nullslast", [OrderTerm(A, None, None, "nullslast")]),
    (
        "a.asc.nullsfirst,b.desc",
        [OrderTerm(A, None, "asc", "nullsfirst"), OrderTerm(B, None, "desc")],
    ),
    ("t(a).desc", [OrderTerm(A, "t", "desc")]),
    ("a->>b.desc", [OrderTerm(Field("a", (JsonPathStep("b", False, True),)), None, "desc")]),
]
CONDITIONS = [
    ("eq.1", Condition(A, "eq", "1")),
    ("not.eq.1", Condition(A, "eq", "1", True)),
    ("eq.", Condition(A, "eq", "")),
    ("eq.not.eq.(1", Condition(A, "eq", "not.eq.(1")),
    ("is.NULL", Condition(A, "is", "null")),
    ("in.(1,2)", Condition(A, "in", ("1", "2"))),
    ("in.()", Condition(A, "in", ())),
    ('in.("a,b","c)","d\\"\\\\")', Condition(A, "in", ("a,b", "c)", 'd"\\'))),
    ('in.("a"b,"c)', Condition(A, "in", ('"a"b', '"c'))),
    ("in.(,)", Condition(A, "in", ("", ""))),
    ("like(any).{a*,b}", Condition(A, "like", "{a*,b}", False, "any")),
    ("fts(simple).x", Condition(A, "fts", "x", False, "simple")),
]
GROUPS: list[tuple[str, str, FilterNode]] = [
    (
        "or",
        "(a.eq.1,b.is.null)",
        Group("or", (Condition(A, "eq", "1"), Condition(B, "is", "null"))),
    ),
    ("not.and", "(a.eq.1)", Group("and", (Condition(A, "eq", "1"),), True)),
    (
        "and",
        '(a.not.in.(1,2), not.or(b.cs.{x,y},b.eq."z,)"))',
        Group(
            "and",
            (
                Condition(A, "in", ("1", "2"), True),
                Group("or", (Condition(B, "cs", "{x,y}"), Condition(B, "eq", "z,)")), True),
            ),
        ),
    ),
]
TEXTS = some.lists(
    some.sampled_from([*"ab*.,:;()!\"'\\->{}$% \t\0é0", "eq.", "in.(", "not.", "or(", "::", "->>"]),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(("text", "node"), SELECTS)
def test_select_is_read(text: str, node: SelectNode) -> None:
    assert select_parser.select(text) == node


@pytest.mark.parametrize(("text", "terms"), ORDERS)
def test_order_is_read(text: str, terms: list[OrderTerm]) -> None:
    assert select_parser.order(text) == terms


@pytest.mark.parametrize(("text", "condition"), CONDITIONS)
def test_a_filter_is_read(text: str, condition: Condition) -> None:
    assert filter_parser.condition(A, text) == condition


@pytest.mark.parametrize(("joint", "text", "group"), GROUPS)
def test_a_group_of_filters_is_read(joint: str, text: str, group: FilterNode) -> None:
    assert filter_parser.group(joint, text) == group


def test_each_part_goes_to_its_resource() -> None:
    pairs = [
        ("t.a", "eq.1"),
        ("select", "*,x:t(u(*))"),
        ("x.limit", "2"),
        ("x.u.order", "a"),
        ("x.not.or", "(a.eq.1)"),
        ("offset", "3"),
    ]
    with pytest.raises(RestError, match="'t' is not an embedded resource"):
        read_query(pairs)
    root = read_query(pairs[1:]).root
    inner = root.embeds[0].node
    assert (root.offset, inner.limit, inner.embeds[0].node.order) == (3, 2, [OrderTerm(A)])
    assert inner.where == [Group("or", (Condition(A, "eq", "1"),), True)]


def test_what_is_no_filter_is_an_argument_of_a_function() -> None:
    query = read_query([("a", "1"), ("b", "eq.1"), ("c", "a.b"), ("limit", "1")], calls=True)
    assert (query.arguments, query.root.limit) == ({"a": "1", "c": "a.b"}, 1)
    assert query.root.where == [Condition(B, "eq", "1")]
    with pytest.raises(RestError) as refused:
        read_query([("a", "1")])
    assert refused.value.error_code == "PGRST100"


def test_an_error_says_where_it_is() -> None:
    with pytest.raises(RestError) as refused:
        select_parser.select("id,a:(b)")
    assert refused.value.message == (
        '"failed to parse select parameter (id,a:(b))" (line 1, column 6)'
    )
    assert refused.value.public_details == 'unexpected "(" expecting field name (* or [a..z0..9_$])'


@pytest.mark.parametrize("parts", ["and(", "a("])
def test_what_is_nested_too_deep_is_refused(parts: str) -> None:
    deep = parts * 5000 + ")" * 5000
    with pytest.raises(RestError, match="failed to parse") as refused:
        filter_parser.group("or", f"({deep})") if parts == "and(" else select_parser.select(deep)
    assert refused.value.public_details
    assert "at most 16 parentheses" in str(refused.value.public_details)


@given(TEXTS, TEXTS, some.sampled_from(["select", "order", "or", "a", "columns", "limit", "t.or"]))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text: str, more: str, name: str) -> None:
    for pairs in ([(name, text)], [(text, more)], [("select", text), (f"{more}.a", "eq.1")]):
        for calls in (True, False):
            with contextlib.suppress(RestError):
                read_query(pairs, calls=calls)


@given(some.text(max_size=40), some.text(max_size=40))
def test_any_header_is_read_or_refused(text: str, more: str) -> None:
    with contextlib.suppress(RestError):
        headers.accepted(f"{text};{more},{more}")
    with contextlib.suppress(RestError):
        headers.preferences(f"handling=strict,{text}")
    headers.parse_range(text, 5, 5)


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("", Format()),
        ("*/*", Format()),
        ("application/json", Format()),
        ("text/csv;q=0.5, application/json", Format()),
        ("text/html, text/csv", Format("text/csv", is_csv=True)),
        ("application/vnd.pgrst.object+json", Format("application/vnd.pgrst.object+json", True)),
        ("application/vnd.pgrst.array+json", Format()),
    ],
)
def test_the_format_is_the_first_that_is_offered(header: str, form: Format) -> None:
    assert headers.accepted(header) == form
