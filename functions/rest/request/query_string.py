"""Parses the query string and assigns filters, orders and limits to their resources."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from functions.rest import errors
from functions.rest.request import filter_parser, limits, select_parser
from functions.rest.request.ast import SelectNode

_RESOURCE_PARAMETERS = {"order", "limit", "offset", "and", "or"}
_REQUEST_PARAMETERS = {"select", "columns", "on_conflict"}
_MAX_INT64 = 2**63 - 1
_MAX_DIGITS = 19
_MAX_PAIRS = 200


@dataclass(slots=True)
class Query:
    """The parsed query string."""

    root: SelectNode
    columns: tuple[str, ...] | None = None
    on_conflict: tuple[str, ...] | None = None
    arguments: dict[str, str] = field(default_factory=dict)
    """Arguments of a function that is called by GET."""


def read_query(pairs: Sequence[tuple[str, str]], *, calls: bool = False) -> Query:
    """Parse the query string's pairs.

    Args:
        pairs: names and values, decoded.
        calls: whether parameters without an operator are arguments of a function.

    Raises:
        RestError: PGRST100 for a syntax error, PGRST108 for a resource that is not in ``select``,
            54001 for more than ``limits`` allows.
    """
    limits.check_length(pairs)
    _check_pairs(pairs)
    first = dict(reversed(pairs))
    query = Query(select_parser.select(first.get("select", "*")))
    if "columns" in first:
        query.columns = select_parser.names("columns", first["columns"])
    if "on_conflict" in first:
        query.on_conflict = select_parser.names("on_conflict", first["on_conflict"])
    for name, text in pairs:
        if name not in _REQUEST_PARAMETERS:
            _take(query, name, text, calls=calls)
    limits.check_tree(query.root)
    return query


def _take(query: Query, name: str, text: str, *, calls: bool) -> None:
    if name.rpartition(".")[2] in _RESOURCE_PARAMETERS:
        _shape(query.root, name.split("."), text)
    elif calls and not filter_parser.has_operator(text):
        query.arguments[name] = text
    else:
        path, of = select_parser.place(name)
        _find_node(query.root, path).where.append(filter_parser.condition(of, text))


def _shape(root: SelectNode, words: list[str], text: str) -> None:
    *path, word = words
    if word in {"and", "or"}:
        is_negated = "not" in path
        node = _find_node(root, [name for name in path if name != "not"])
        node.where.append(filter_parser.group(f"not.{word}" if is_negated else word, text))
        return
    node = _find_node(root, path)
    if word == "order":
        node.order += select_parser.order(text) if text else []
    elif word == "limit":
        node.limit = _number(word, text)
        if node.limit < 0:
            raise errors.bad_range("Limit should be greater than or equal to zero.")
    else:
        node.offset = _number(word, text)


def _find_node(root: SelectNode, path: Sequence[str]) -> SelectNode:
    node = root
    for name in path:
        child = next((embed for embed in node.embeds if embed.name == name), None)
        if child is None:
            raise errors.not_embedded(name)
        node = child.node
    return node


def _number(word: str, text: str) -> int:
    digits = text.removeprefix("-")
    is_short = digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS
    if not (is_short and int(digits) <= _MAX_INT64):
        raise errors.unparsed(word, text, 1, "expecting a whole number")
    return int(text)


def _check_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    if len(pairs) > _MAX_PAIRS:
        raise errors.too_complex(f"At most {_MAX_PAIRS} parameters.")
    for name, text in pairs:
        if "\0" in name or "\0" in text:
            raise errors.unparsed("query", name.replace("\0", ""), 1, 'unexpected "\\NUL"')
