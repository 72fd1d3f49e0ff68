"""Parses ``select``, ``order``, ``columns`` and the names of filter parameters."""

import re

from functions.rest import errors
from functions.rest.request.ast import Column, Embed, Field, JsonPathStep, OrderTerm, SelectNode
from functions.rest.request.scanner import Scanner

_CAST = re.compile(r"[\w $]+")
_AGGREGATE = re.compile(r"(?:count|\.(?:count|sum|avg|min|max))\(\)")
_DIRECTION = re.compile(r"\.(asc|desc)(?![^.,])")
_NULLS = re.compile(r"\.(nullsfirst|nullslast)(?![^,])")


def select(text: str) -> SelectNode:
    """Parse ``select``; an empty text selects ``*``. Raises RestError for a syntax error."""
    scanner = Scanner("select parameter", text)
    root = _node(scanner)
    scanner.end()
    if not root.columns and not root.embeds:
        root.columns.append(Column(Field("*")))
    return root


def order(text: str) -> list[OrderTerm]:
    """Parse the items of ``order``. Raises RestError (PGRST100)."""
    scanner = Scanner("order", text)
    terms = [_term(scanner)]
    while scanner.take(","):
        terms.append(_term(scanner))
    scanner.end()
    return terms


def names(what: str, text: str) -> tuple[str, ...]:
    """Parse a list of names: ``columns`` or ``on_conflict``. Raises RestError (PGRST100)."""
    scanner = Scanner(f"{what} parameter", text)
    listed = [scanner.name()]
    while scanner.take(","):
        listed.append(scanner.name())
    scanner.end()
    return tuple(dict.fromkeys(listed))


def place(key: str) -> tuple[tuple[str, ...], Field]:
    """Parse a filter's parameter name into the path of embedded resources and the field."""
    scanner = Scanner("tree path", key)
    parts = [scanner.name()]
    while scanner.take("."):
        parts.append(scanner.name())
    path = _json_path(scanner)
    scanner.end()
    return tuple(parts[:-1]), Field(parts[-1], path)


def field(scanner: Scanner) -> Field:
    """Parse a column with an optional JSON path."""
    scanner.spaces()
    parsed = Field(scanner.name(), _json_path(scanner))
    scanner.spaces()
    return parsed


def _node(scanner: Scanner) -> SelectNode:
    node = SelectNode()
    scanner.spaces()
    if scanner.is_done or scanner.sees(")"):
        return node
    _item(scanner, node)
    while scanner.take(","):
        _item(scanner, node)
    return node


def _item(scanner: Scanner, node: SelectNode) -> None:
    scanner.spaces()
    if scanner.sees("..."):
        raise errors.not_implemented("Spread resources (...) are not offered.")
    if scanner.take("*"):
        node.columns.append(Column(Field("*")))
    else:
        _named_item(scanner, node)
    scanner.spaces()
    if not (scanner.is_done or scanner.sees(",") or scanner.sees(")")):
        scanner.fail('")", "," or end of input')


def _named_item(scanner: Scanner, node: SelectNode) -> None:
    begin = scanner.at
    alias = scanner.name()
    if scanner.sees(":") and not scanner.sees("::"):
        scanner.take(":")
        begin = scanner.at
        name = scanner.name()
    else:
        alias, name = "", alias
    if scanner.sees("!") or (scanner.sees("(") and name != "count"):
        node.embeds.append(_embed(scanner, name, alias or None))
        return
    scanner.at = begin
    _refuse_aggregate(scanner)
    found = field(scanner)
    cast = None
    if scanner.take("::"):
        cast = scanner.match(_CAST) or scanner.fail("letter or digit")
    _refuse_aggregate(scanner)
    node.columns.append(Column(found, alias or None, cast[0].strip() if cast else None))


def _embed(scanner: Scanner, target: str, alias: str | None) -> Embed:
    hint, is_inner = None, False
    while scanner.take("!"):
        word = scanner.name()
        if word == "inner":
            is_inner = True
        elif word != "left":
            hint = word
    scanner.enter()
    node = _node(scanner)
    scanner.leave()
    return Embed(target, node, alias, hint, is_inner)


def _refuse_aggregate(scanner: Scanner) -> None:
    if scanner.match(_AGGREGATE):
        raise errors.RestError(400, "PGRST123", "Use of aggregate functions is not allowed")


def _json_path(scanner: Scanner) -> tuple[JsonPathStep, ...]:
    steps = []
    while scanner.sees("->"):
        as_text = scanner.sees("->>")
        scanner.expect("->>" if as_text else "->")
        index = scanner.index()
        key = scanner.key() if index is None else index
        steps.append(JsonPathStep(key, index is not None, as_text))
    return tuple(steps)


def _term(scanner: Scanner) -> OrderTerm:
    found, relation = field(scanner), None
    if scanner.sees("(") and not found.path:
        relation = found.name
        scanner.enter()
        found = field(scanner)
        scanner.leave()
    direction, nulls = scanner.match(_DIRECTION), scanner.match(_NULLS)
    scanner.spaces()
    if not (scanner.is_done or scanner.sees(",")):
        scanner.fail('"asc", "desc", "nullsfirst" or "nullslast"')
    return OrderTerm(
        found,
        relation,
        # The patterns match nothing else.
        direction[1] if direction else None,  # type: ignore[arg-type]
        nulls[1] if nulls else None,  # type: ignore[arg-type]
    )
