"""Every regular expression that reads a caller's text takes linear time, by its structure."""

import re
from collections.abc import Callable

import pytest

from infra.local.storage_emulator.app import _ROUTES
from shared.prompts import enhancer
from shared.safety.rules import RULES
from tests.regular_expressions.backtracking import Use, count_ways, find_ambiguity, find_loops
from tests.regular_expressions.graph import UnsupportedError
from tests.regular_expressions.source import FOLDERS, Expression, Site, find_expressions
from tests.support.local_system import ROOT

_OLD_ITEM = r'\s*(?:"((?:[^"\\]|\\.)*)"|([^",()]*))\s*(,|$)'
_QUOTE = r'"(?:[^"\\]|\\.)*"'
_OLD_SEGMENT = rf'((?:{_QUOTE}|\((?:{_QUOTE}|[^"()])*\)|[^,"(])+)(,|$)'

BOUNDED = {
    ("functions/rest/request/patterns.py", "_TOKEN"): (
        200,
        "functions.rest.request.patterns.MAX_CHARACTERS",
    ),
}
"""Exceptions whose input is short: the maximum of characters, and the constant that sets it."""


def _contexts(wrap: str) -> list[tuple[str, int]]:
    return [(wrap.format(context.pattern), 0) for context in RULES.contexts.values()]


def _labels() -> list[tuple[str, int]]:
    label = r"\A[*_#\s]*(?:(?:enhanced|rewritten)\s)?{}[*_]*:[*_\s]*"
    layouts = enhancer._LAYOUTS.values()  # noqa: SLF001 - what its expressions are made of
    return [(label.format(layout.result), re.IGNORECASE) for layout in layouts]


def _routes() -> list[tuple[str, int]]:
    return [(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template), 0) for _, template, _ in _ROUTES]


_OF_FUNCTIONS: dict[Site, tuple[Use, Callable[[], list[tuple[str, int]]]]] = {
    Site("shared/safety/rules.py", "word_pattern"): (
        "search",
        lambda: [
            (context.word_pattern.pattern, context.word_pattern.flags)
            for context in RULES.contexts.values()
        ],
    ),
    Site("shared/safety/rules.py", "joined_pattern"): (
        "search",
        lambda: [
            (context.joined_pattern.pattern, context.joined_pattern.flags)
            for context in RULES.contexts.values()
        ],
    ),
    Site("shared/safety/rules.py", "substring_pattern"): (
        "search",
        lambda: [
            (context.substring_pattern.pattern, context.substring_pattern.flags)
            for context in RULES.contexts.values()
        ],
    ),
    Site("shared/safety/rules.py", "any_term_pattern"): (
        "search",
        lambda: [(RULES.any_term_pattern.pattern, RULES.any_term_pattern.flags)],
    ),
    Site("shared/safety/rules.py", "_one_word"): (
        "search",
        lambda: [(word.pattern, word.flags) for word in RULES.run_together.values()],
    ),
    Site("shared/safety/classifier.py", "_leaves_out"): ("fullmatch", lambda: _contexts("{}")),
    Site("shared/prompts/output_cleanup.py", "extract_prompt"): ("search", _labels),
    Site("infra/local/storage_emulator/app.py", "__init__"): ("fullmatch", _routes),
}
"""Expressions that a function composes: how they are used, and their patterns."""


@pytest.mark.parametrize(
    ("pattern", "use"),
    [
        *(
            (r"(a+)+b", "match"),
            (r"(a+)+", "fullmatch"),
            (r"(a|a)*b", "match"),
            (r"(a*)*b", "match"),
        ),
        *((r"a*a*b", "match"), (r"(a|b|ab)*c", "match"), (r"(?:a*b?)*c", "match")),
        *((r"(a|aa){20}b", "match"), (r"(a?){50}b", "match"), (r"(?:x+x+)+y", "match")),
        *((r"\s*(\w|\s)*,", "match"), (r"\s*([^,]*)\s*,", "match"), (r"(.*),(.*),(.*)x", "match")),
        *((r"\s+$", "search"), (r"<a>.*?</a>", "search"), (r"a*b|a", "search")),
        *((r"a(?:a*b)?", "search"), (r"\d+mm\b", "search"), (r"x(?=.*y)", "search")),
        *((_OLD_ITEM, "match"), (_OLD_SEGMENT, "search"), (r"(?>a*)a*b", "match")),
        *((r"(\w+\s*)*$", "match"), (r"(?i:k+K+)x", "match"), (r"[^@]+@[^@]+\.[^@]+", "fullmatch")),
    ],
)
def test_what_is_not_linear_is_found(pattern: str, use: Use) -> None:
    assert not _is_linear(pattern, re.DOTALL, use)


@pytest.mark.parametrize(
    ("pattern", "use"),
    [
        *(
            (r"a+b", "match"),
            (r"(a+)+", "match"),
            (r"(?:a|b)*c", "match"),
            (r"(?:\w+\s)*x", "match"),
        ),
        *(
            (r"\s+", "search"),
            (r"[\W_]+", "search"),
            (r"\b\d+ ?mm\b", "search"),
            (r"\w+\b", "search"),
        ),
        *((r"x*+x*y", "match"), (r"\s*+[^,\s]*+\s*+,", "match"), (r"(.*)=", "match")),
        *((r'"(?:[^"\\]|\\.)*"', "match"), (r"([^\W\d])\1{2,}", "search"), (r"<[^<>]*>", "search")),
        *((r"\A\s*x", "search"), (r"^\w+ x", "match"), (r"[0-9a-f]{8}-[0-9a-f]{4}", "match")),
        *((r"(?<!\w)\w(?: \w){2,}(?!\w)", "search"), (r"(?=.{1,253}\Z)[a-z]+", "fullmatch")),
        *((_OLD_SEGMENT, "match"), (r"(?i:k+S+)x", "match"), (r"[^@]+@[^@.]+\.[^@]+", "fullmatch")),
    ],
)
def test_what_is_linear_is_let_pass(pattern: str, use: Use) -> None:
    assert _is_linear(pattern, re.DOTALL, use)


@pytest.mark.parametrize(
    ("pattern", "use", "growth"),
    [
        *(("(a+)+b", "match", "exponential"), ("(a|aa)*c", "match", "exponential")),
        *(("a*a*b", "match", "polynomial"), (_OLD_ITEM, "match", "polynomial")),
        *((r"\s+$", "search", "polynomial"), (_OLD_SEGMENT, "search", "polynomial")),
        *(
            (r"[^@]+@[^@]+\.[^@]+", "fullmatch", "polynomial"),
            (r"<a>.*?</a>", "search", "polynomial"),
        ),
    ],
)
def test_what_is_found_has_a_text_with_many_ways(pattern: str, use: Use, growth: str) -> None:
    ambiguity = find_ambiguity(pattern, re.DOTALL, use=use)
    assert ambiguity
    assert ambiguity.growth == growth

    def ways(times: int) -> int:
        text = ambiguity.prefix + ambiguity.pump * times
        return count_ways(pattern, text, re.DOTALL, use=use)

    twice_as_long = ways(64) / ways(32)
    assert twice_as_long > 1000 if growth == "exponential" else twice_as_long > 3


@pytest.mark.parametrize("pattern", [r"(?:\w+\s)*x", r'"(?:[^"\\]|\\.)*"', _OLD_SEGMENT])
def test_what_is_linear_has_few_ways(pattern: str) -> None:
    for prefix, pump in find_loops(pattern, re.DOTALL):
        ways = [
            count_ways(pattern, prefix + pump * times, re.DOTALL, use="match") for times in (32, 64)
        ]
        assert ways[1] <= 2 * ways[0]


def test_a_loop_is_known_by_a_text_that_leads_to_it() -> None:
    assert find_loops(r"\(a+\)b") == [("(aa", "a")]


def _is_linear(pattern: str, flags: int, use: Use) -> bool:
    try:
        return find_ambiguity(pattern, flags, use=use) is None
    except UnsupportedError:
        return False


def _expressions() -> list[Expression]:
    expressions, _ = find_expressions()
    for site, (use, patterns) in _OF_FUNCTIONS.items():
        for pattern, flags in patterns():
            expressions.append(Expression(site.path, site.name, pattern, flags, use))
    return expressions


def test_each_expression_of_a_function_is_listed_here() -> None:
    _, sites = find_expressions()
    assert sites == _OF_FUNCTIONS.keys()


def test_every_regular_expression_of_the_product_is_linear() -> None:
    expressions = _expressions()
    assert len(expressions) > 70
    slow = {
        (expression.path, expression.name): f"{expression}: {expression.pattern}"
        for expression in set(expressions)
        if not _is_linear(expression.pattern, expression.flags, expression.use)
    }
    unbounded = {place: text for place, text in slow.items() if place not in BOUNDED}
    assert not unbounded, "\n".join(unbounded.values())
    assert not BOUNDED.keys() - slow.keys(), "these are linear, and need no exception"


def test_what_is_not_linear_is_polynomial_and_its_input_short() -> None:
    for expression in _expressions():
        if (expression.path, expression.name) in BOUNDED:
            characters, limit = BOUNDED[expression.path, expression.name]
            ambiguity = find_ambiguity(expression.pattern, expression.flags, use=expression.use)
            assert ambiguity
            assert ambiguity.growth == "polynomial"
            module, _, name = limit.rpartition(".")
            source = (ROOT / f"{module.replace('.', '/')}.py").read_text()
            assert f"{name} = {characters}" in source


def test_patterns_of_models_are_checked_by_a_linear_engine() -> None:
    """Pydantic uses Rust's regex engine, unless a model requests Python's."""
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            assert "python-re" not in path.read_text(), path
