"""Queries of ``rest`` that are expensive for their length, or that the database cannot evaluate."""

import random
from collections.abc import Iterator
from urllib.parse import quote

from functions.rest.schema import types

_UP = {"jobs": "workspace_sessions", "user_library": "user_collections"}
_DOWN = {parent: child for child, parent in _UP.items()}
_COLUMNS = {
    "jobs": ("id", "created_at", "metadata", "metadata->a", "credits", "status", "original_prompt"),
    "user_library": ("id", "tags", "is_favorite", "duration_seconds", "file_size_bytes", "crc32c"),
    "workspace_sessions": ("id", "created_at", "session_name", "is_active"),
    "user_collections": ("id", "name", "asset_count", "description"),
}
_OPERATORS = (
    *("eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch", "cs", "cd", "ov"),
    *("sl", "sr", "nxr", "nxl", "adj", "isdistinct", "fts", "plfts", "phfts", "wfts", "is", "in"),
    *("eq(any)", "gt(all)", "like(any)", "ilike(all)", "match(any)", "fts(simple)", "fts(x)"),
)
_VALUES = (
    *("", "1", "-1", "null", "true", "{}", "{1,2}", "(1,2)", "()", "[1,5)", "[5,1]", "empty"),
    *("{{1},{2,3}}", "{", '{"a":1}', "[1]", "nan", "infinity", "1e400", "-1e131071", "0x1"),
    *(
        "9" * 400,
        "2026-01-01",
        "infinity",
        "-infinity",
        "4714-01-01 BC",
        "294277-01-01",
        "24:00:61",
    ),
    *("00000000-0000-0000-0000-000000000000", "!a", "a & b", "a & ", "(" * 50, "'", "\\", "a\\"),
    *("!" * 900 + "a", "a <-> " * 100 + "a", "(" * 400 + "a" + ")" * 400, "a | " * 200 + "a"),
    *("(a|b)*c", "(?:a?){100}(?:b?){100}", r"(.*)\1", "((($){0,9}){5}){6}", "(?=.*a)(?=.*b)x", "["),
    *("%" * 500, "%a_" * 200, "\\u0000", "\U0001f4a5", "\ud7ff", "x" * 3000, "[" * 3000, "{" * 300),
    *('{"a":' * 500, "1 year -1 mons", "P" + "1" * 40 + "Y", "1" * 2000 + "e" + "1" * 20),
)


def amplified() -> Iterator[tuple[str, str]]:
    """Yield a name, and a path below ``/rest/v1``, for each known way to make a query expensive."""
    for depth in (2, 3, 5, 8, 12):
        for times in (1, 14, 90):
            yield f"{depth} levels, each referred to {times} times", chain(depth, times)
    yield from _wide()
    yield from _repeated()
    yield from _long()
    yield from _searches()


def _wide() -> Iterator[tuple[str, str]]:
    """Yield queries with many resources, and with resources that embed their own table again."""
    for parent, child in _DOWN.items():
        for column in ("*", "id", "count"):
            each = ",".join(f"a{n}:{child}({column})" for n in range(20))
            yield f"20 x {child}({column})", f"{parent}?select={each}"
        yield "21 resources", f"{parent}?select=" + ",".join(f"a{n}:{child}(id)" for n in range(21))
    for child, parent in _UP.items():
        for inner in ("id", "*", f"id,{parent}(id,{child}(id))"):
            yield f"siblings: {inner}", f"{child}?select=id,{parent}({child}({inner}))"
            present = f"{child}?select=id,{parent}!inner(id,{child}!inner({inner}))"
            yield (
                f"siblings that are there: {inner}",
                f"{present}&{parent}.{child}.id=neq.{'0' * 32}",
            )
        ordered = ",".join(f"{parent}({column})" for column in _COLUMNS[parent])
        yield "ordered by another", f"{child}?select=id,{parent}(*)&order={ordered}"


def _repeated() -> Iterator[tuple[str, str]]:
    """Yield queries that repeat one column, path, filter or search many times."""
    for count in (100, 300, 900):
        repeated = ",".join(f"a{n}:metadata" for n in range(count))
        yield f"metadata {count} times", f"jobs?select={repeated}"
        path = repeated.replace("metadata", "metadata->a->b")
        yield f"a path {count} times", f"jobs?select={path}"
        numeric = repeated.replace("metadata", "metadata->>n::numeric")
        yield f"a long number {count} times", f"jobs?select={numeric}"
        filters = ",".join(["metadata->>a.ilike.*x*y*"] * count)
        yield f"{count} filters", f"jobs?select=id&or=({filters})"
        yield f"{count} terms", "jobs?select=id&order=" + ",".join(["metadata->a"] * count)
        yield f"{count} searches", f"jobs?or=({','.join(['original_prompt.fts.zzz'] * count)})"


def _long() -> Iterator[tuple[str, str]]:
    """Yield very long paths, lists and values."""
    for steps in (10, 11, 400, 3000):
        path = "metadata" + "->a" * steps
        yield f"{steps} steps", f"jobs?select={path}"
        yield f"{steps} steps to filter by", f"jobs?{path}=eq.1"
        yield f"{steps} steps to order by", f"jobs?order={path}"
    for count in (1000, 1001, 8000):
        yield f"{count} values", f"jobs?credits=in.({','.join(['1'] * count)})"
    yield "a long query", "jobs?original_prompt=eq." + "x" * 17_000


def _searches() -> Iterator[tuple[str, str]]:
    """Yield patterns and search texts that the database parses by itself."""
    for pattern in (
        "(?:a?){100}(?:b?){100}",
        r"(.*)(.*)\1\2z",
        "(^|a)*" * 30,
        "(?!.*z)(?=(a|b)*q)x",
    ):
        yield f"the pattern {pattern[:30]}", f"jobs?original_prompt=match.{quote(pattern)}"
        array = quote(f"{{{pattern}}}")
        yield f"the patterns {pattern[:30]}", f"jobs?original_prompt=match(any).{array}"
    for count in (32, 900, 15_000):
        yield f"{count} marks", f"jobs?original_prompt=fts.{'!' * count}a"
        yield f"{count} brackets", f"jobs?original_prompt=fts.{'(' * count}a"
    for count in (15, 900, 5000):
        yield f"{count} groups", f"jobs?or={'(or' * count}(id.is.null){')' * count}"
        yield f"{count} negations", f"jobs?{'not.' * count}and=(id.is.null)"


def chain(depth: int, times: int) -> str:
    """Return a query that embeds jobs and sessions in turn, each level filtered by the next."""

    def embedded(level: int) -> str:
        table = "workspace_sessions" if level % 2 else "jobs"
        inner = f",{embedded(level + 1)}" if level + 1 < depth else ""
        return f"e{level}:{table}(id{inner})"

    path, query = "", f"workspace_sessions?select=id,{embedded(0)}"
    for level in range(depth):
        query += f"&{path}or=({','.join([f'e{level}.is.null'] * times)})"
        path += f"e{level}."
    return query


def evaluated(chance: random.Random) -> str:
    """Return a random filter, cast or order; most are invalid for the database."""
    table = chance.choice(list(_COLUMNS))
    column = chance.choice(_COLUMNS[table])
    operator, value = chance.choice(_OPERATORS), quote(chance.choice(_VALUES)[:4000], safe="")
    negation = chance.choice(["", "not."])
    kind = quote(chance.choice(sorted(types.TYPES)))
    arrow = chance.choice(["", "->0", "->>0", "->a", "->>a", "->-1"])
    return chance.choice([
        f"{table}?select=id&{column}={negation}{operator}.{value}",
        f"{table}?select=id&{column}{arrow}={negation}{operator}.{value}",
        f"{table}?select=id&or=({column}.{negation}{operator}.{value},id.is.null)",
        f"{table}?select={column}{arrow}::{kind}",
        f"{table}?select={column}::{kind}&{column}={negation}{operator}.{value}",
        f"{table}?select=id&order={column}{arrow}.desc&{column}={operator}.{value}",
        f"{table}?select=id&limit={value[:40]}&offset={value[:40]}",
    ])  # fmt: skip
