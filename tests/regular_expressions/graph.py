"""A regular expression as a graph: its characters as nodes, and the empty steps between them.

The pattern is parsed by Python's own parser, so the graph describes what ``re`` compiles.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from typing import Any

MAX_OPTIONAL_COPIES = 4
"""``x{2,6}`` is two copies and four optional ones; beyond four it counts as ``x{2,}``.

Of more than one character, ``(...){20}`` counts as ``(...)+``, since its copies are as many paths.
"""

_ODD = (
    "\u0130\u0131\u017f\u212a\u0660\u00b2\u2003\u200b\u0301\u4e2d\u1780\u0e01\u3042\U0001f600\ufb01"
)
"""Characters of other scripts, categories and case foldings than those a pattern names."""

_CODES = _constants
_REPEATS = {_CODES.MAX_REPEAT, _CODES.MIN_REPEAT, _CODES.POSSESSIVE_REPEAT}
_CHARACTERS = {_CODES.LITERAL, _CODES.NOT_LITERAL, _CODES.ANY, _CODES.IN, _CODES.RANGE}


class UnsupportedError(Exception):
    """The pattern contains a construct that the analysis does not support."""


@dataclass(frozen=True, slots=True)
class Step:
    """An empty step, which the characters before and after it may forbid.

    The sets are bit masks over ``Graph.samples``; one more bit stands for the end or start of the
    text.
    """

    target: int
    before: int
    after: int
    is_exact: bool = True
    """Whether the sets describe all conditions of the step."""


@dataclass
class Graph:
    """Nodes are numbers. A node of ``characters`` reads one character and leads to the next."""

    samples: str
    characters: dict[int, tuple[int, int]] = field(default_factory=dict)
    """The set that a node reads, and the node after it."""
    inexact: set[int] = field(default_factory=set)
    """Nodes that read less than their set: references to a group."""
    steps: list[list[Step]] = field(default_factory=list)
    start: int = 0
    end: int = 0

    @property
    def edge_bit(self) -> int:
        """The bit for the end of the text, or for its start."""
        return 1 << len(self.samples)

    @property
    def everything(self) -> int:
        """Every character, and the end and start of the text."""
        return (self.edge_bit << 1) - 1

    @property
    def any_character(self) -> int:
        """Every character."""
        return self.edge_bit - 1

    def node(self) -> int:
        """Add a node, and return it."""
        self.steps.append([])
        return len(self.steps) - 1

    def step(
        self, source: int, target: int, before: int = -1, after: int = -1, *, is_exact: bool = True
    ) -> None:
        """Add a step from one node to another."""
        everything = self.everything
        step = Step(target, before & everything, after & everything, is_exact)
        self.steps[source].append(step)


def parse(pattern: str, flags: int = 0) -> Graph:
    """Parse a pattern into a graph."""
    parsed = _parser.parse(pattern, flags)
    graph = Graph(_samples(parsed))
    builder = _Builder(graph)
    graph.start = graph.node()
    graph.end = builder.sequence(parsed, parsed.state.flags, graph.start)
    return graph


def _samples(parsed: Any) -> str:  # noqa: ANN401 - of re's parser
    """Return characters that distinguish the pattern's sets: at their bounds, and more."""
    points = set(range(256)) | set(map(ord, _ODD))
    for point in _points(parsed):
        for near in (point - 1, point, point + 1):
            if 0 <= near <= 0x10FFFF:
                points.add(near)
                points.update(ord(part) for part in (*chr(near).lower(), *chr(near).upper()))
    return "".join(map(chr, sorted(points)))


def _points(item: Any) -> Iterator[int]:  # noqa: ANN401 - of re's parser
    """Yield the code points that the pattern names."""
    if isinstance(item, _parser.SubPattern):
        for part in item:
            yield from _points(part)
    elif isinstance(item, tuple) and item and item[0] in {_CODES.LITERAL, _CODES.NOT_LITERAL}:
        yield item[1]
    elif isinstance(item, tuple) and item and item[0] == _CODES.RANGE:
        yield from item[1]
    elif isinstance(item, tuple | list):
        for part in item:
            if isinstance(part, tuple | list | _parser.SubPattern):
                yield from _points(part)


@lru_cache(maxsize=10_000)
def _members(op: int, value: str, flags: int, samples: str) -> int:
    compiled = _COMPILED[op, value, flags]
    return sum(1 << number for number, part in enumerate(samples) if compiled.fullmatch(part))


_COMPILED: dict[tuple[int, str, int], re.Pattern[str]] = {}


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._groups: dict[int, Any] = {}

    def sequence(self, items: Any, flags: int, start: int) -> int:  # noqa: ANN401 - of re's parser
        """Add the nodes of a sequence after ``start``, and return the node after it."""
        for op, value in items:
            start = self._item(op, value, flags, start)
        return start

    def _item(self, op: Any, value: Any, flags: int, start: int) -> int:  # noqa: ANN401, PLR0911 - of re's parser
        graph = self._graph
        if op in _CHARACTERS:
            return self._character(self._set(op, value, flags), start)
        if op in _REPEATS:
            return self._repeat(op, value, flags, start)
        if op == _CODES.SUBPATTERN:
            group, added, removed, inner = value
            self._groups[group] = inner, (flags | added) & ~removed
            return self.sequence(inner, (flags | added) & ~removed, start)
        if op == _CODES.BRANCH:
            return self._branch(value[1], flags, start)
        if op in {_CODES.ASSERT, _CODES.ASSERT_NOT}:
            return self._assert(op, value, flags, start)
        if op == _CODES.AT:
            return self._at(value, flags, start)
        if op == _CODES.GROUPREF:
            end = self._character(self._referred(value), start)
            graph.inexact |= {node for node, (_, after) in graph.characters.items() if after == end}
            return end
        if op == _CODES.ATOMIC_GROUP:
            # Fewer paths leave it than are stored here, so none of them is certain.
            end = graph.node()
            graph.step(self.sequence(value, flags, start), end, is_exact=False)
            return end
        raise UnsupportedError(str(op))

    def _set(self, op: Any, value: Any, flags: int) -> int:  # noqa: ANN401 - of re's parser
        state = _parser.State()
        state.flags = flags
        state.str = ""
        key = (int(op), repr(value), flags)
        if key not in _COMPILED:
            _COMPILED[key] = _compiler.compile(_parser.SubPattern(state, [(op, value)]), 0)
        return _members(*key, self._graph.samples)

    def _character(self, members: int, start: int) -> int:
        graph = self._graph
        node, after = graph.node(), graph.node()
        graph.characters[node] = members, after
        graph.step(start, node)
        return after

    def _referred(self, group: int) -> int:
        """Return the set that a reference to a group of one character may read."""
        inner, flags = self._groups[group]
        if len(inner) != 1 or inner[0][0] not in _CHARACTERS:
            raise UnsupportedError("a reference to a group of more than one character")
        op, value = inner[0]
        return self._set(op, value, flags)

    def _branch(self, items: Any, flags: int, start: int) -> int:  # noqa: ANN401 - of re's parser
        end = self._graph.node()
        for item in items:
            first = self._graph.node()
            self._graph.step(start, first)
            self._graph.step(self.sequence(item, flags, first), end)
        return end

    def _repeat(self, op: Any, value: Any, flags: int, start: int) -> int:  # noqa: ANN401 - of re's parser
        graph = self._graph
        minimum, maximum, body = value
        if maximum > MAX_OPTIONAL_COPIES and self._one_character(body, flags) is None:
            if maximum != _CODES.MAXREPEAT and body.getwidth()[0] == 0:
                raise UnsupportedError("many copies of what may be empty")
            minimum, maximum = min(minimum, 1), _CODES.MAXREPEAT
        for _ in range(minimum):
            start = self.sequence(body, flags, start)
        is_endless = maximum == _CODES.MAXREPEAT or maximum - minimum > MAX_OPTIONAL_COPIES
        end = graph.node()
        leave: dict[str, Any] = {}
        if op == _CODES.POSSESSIVE_REPEAT:
            leave = {"is_exact": False}
            if (
                maximum == _CODES.MAXREPEAT
                and (read := self._one_character(body, flags)) is not None
            ):
                # A possessive loop is left only where it cannot continue.
                leave = {"after": graph.everything & ~read}
        if is_endless:
            # Two nodes, so that a loop within a loop is left and entered by separate steps.
            first, again = graph.node(), graph.node()
            graph.step(start, first)
            graph.step(self.sequence(body, flags, first), again)
            graph.step(again, first)
            graph.step(again, end, **leave)
            graph.step(start, end, **leave)
            return end
        graph.step(start, end, **leave)
        for _ in range(maximum - minimum):
            start = self.sequence(body, flags, start)
            graph.step(start, end, **leave)
        return end

    def _assert(self, op: Any, value: Any, flags: int, start: int) -> int:  # noqa: ANN401 - of re's parser
        graph = self._graph
        direction, body = value
        end = graph.node()
        read = self._one_character(body, flags, or_end=direction > 0)
        if read is not None:
            members = read if op == _CODES.ASSERT else graph.everything & ~read
            if direction > 0:
                graph.step(start, end, after=members)
            else:
                graph.step(start, end, before=members)
            return end
        if direction > 0:
            self.sequence(body, flags, self._entered(start))  # independent of the rest
        graph.step(start, end, is_exact=False)
        return end

    def _entered(self, start: int) -> int:
        first = self._graph.node()
        self._graph.step(start, first)
        return first

    def _one_character(self, body: Any, flags: int, *, or_end: bool = False) -> int | None:  # noqa: ANN401 - of re's parser
        """Return the set if the body reads only one character."""
        if len(body) != 1:
            return None
        op, value = body[0]
        if op in _CHARACTERS:
            return self._set(op, value, flags)
        if op == _CODES.SUBPATTERN:
            return self._one_character(value[3], (flags | value[1]) & ~value[2], or_end=or_end)
        if op == _CODES.AT and or_end and value == _CODES.AT_END_STRING:
            return self._graph.edge_bit
        if op == _CODES.BRANCH:
            several = [self._one_character(part, flags, or_end=or_end) for part in value[1]]
            if None not in several:
                return _union(part for part in several if part is not None)
        return None

    def _at(self, place: Any, flags: int, start: int) -> int:  # noqa: ANN401 - of re's parser
        graph, end = self._graph, self._graph.node()
        edge = graph.edge_bit
        line = self._set(_CODES.LITERAL, ord("\n"), 0)
        words = self._set(_CODES.IN, [(_CODES.CATEGORY, _CODES.CATEGORY_WORD)], flags)
        others = graph.everything & ~words
        is_multiline = bool(flags & re.MULTILINE)
        if place == _CODES.AT_BOUNDARY:
            graph.step(start, end, words, others)
            graph.step(start, end, others, words)
        elif place == _CODES.AT_NON_BOUNDARY:
            graph.step(start, end, words, words)
            graph.step(start, end, others, others)
        elif place in {_CODES.AT_BEGINNING, _CODES.AT_BEGINNING_STRING}:
            can_be_later = place == _CODES.AT_BEGINNING and is_multiline
            graph.step(start, end, edge | line if can_be_later else edge)
        elif place == _CODES.AT_END_STRING or (place == _CODES.AT_END and is_multiline):
            graph.step(start, end, after=edge if place == _CODES.AT_END_STRING else edge | line)
        elif place == _CODES.AT_END:
            graph.step(start, end, after=edge)
            graph.step(start, end, after=line, is_exact=False)  # the text's last character
        else:
            raise UnsupportedError(str(place))
        return end


def _union(sets: Iterator[int]) -> int:
    union = 0
    for part in sets:
        union |= part
    return union
