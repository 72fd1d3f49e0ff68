"""Decide from a pattern's structure whether a backtracking matcher takes linear time.

A matcher that fails tries every path. If any text has only a bounded number of paths (finite
ambiguity), that is linear. Otherwise the automaton contains one of two structures (Weber and Seidl,
"On the degree of ambiguity of finite automata", 1991): two paths around one loop that read the same
text, which is exponential; or two loops in sequence that read the same text, which is polynomial.
``search`` and similar functions start again at each character: that is a loop before the pattern.

What cannot fail is left out: a loop that can be left for a match at each iteration, or whose states
lead to a match for any text.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tests.regular_expressions.graph import Graph, UnsupportedError, parse

Use = Literal["match", "fullmatch", "search"]
"""``search`` stands for every function that looks for a match at each character."""

MAX_WAYS = 500_000
"""Limit for the paths of empty steps in a pattern, which are counted one by one."""

_START, _SCAN, _ACCEPT = -1, -2, -3
_Edges = dict[int, dict[int, list[int]]]
"""The states after each state, by the class of the character that is read."""


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """Why a pattern is not linear. ``prefix + pump * n`` takes more than linear time in n."""

    growth: Literal["exponential", "polynomial"]
    prefix: str
    pump: str


def find_ambiguity(pattern: str, flags: int = 0, *, use: Use) -> Ambiguity | None:
    """Return why a pattern takes more than linear time, or None where it does not.

    Raises:
        UnsupportedError: The pattern contains a construct that is not supported here.
    """
    automaton = _Automaton(parse(pattern, flags), use)
    return automaton.exponential() or automaton.polynomial()


def find_loops(pattern: str, flags: int = 0) -> list[tuple[str, str]]:
    """Return a text that leads to each loop of a pattern, and a text that goes around it."""
    return _Automaton(parse(pattern, flags), "match").loops()


def count_ways(pattern: str, text: str, flags: int = 0, *, use: Use) -> int:
    """Count the starts of paths through the pattern for the text, summed over all positions.

    A matcher that fails takes that many steps.
    """
    return _Automaton(parse(pattern, flags), use).count_ways(text)


class _Automaton:
    """States are numbers: a node of the graph with the class of the character that it reads."""

    def __init__(self, graph: Graph, use: Use) -> None:
        self._graph = graph
        self._use = use
        self._ways = 0
        self._nodes: list[int] = []
        self.classes: list[int] = []
        """The class that each state has read; the start state has none."""
        self._texts: list[str] = []
        """A character of each class."""
        self._edges: _Edges = defaultdict(lambda: defaultdict(list))
        self._sure: set[tuple[int, int]] = set()
        """Edges that can be taken for any remaining text."""
        self._accepts: defaultdict[int, int] = defaultdict(int)
        """The classes before which each state is a match, as a bit mask with a bit for the end."""
        self._number: dict[tuple[int, int], int] = {}
        self._build()
        self._safe = self._never_failing()

    def exponential(self) -> Ambiguity | None:
        """Find two paths around one loop that read the same text."""
        edges = self._failing_edges()
        for loop in _loops(edges):
            inner = _within(edges, loop)
            for state, by_class in inner.items():
                for targets in by_class.values():
                    for target in targets:
                        if targets.count(target) > 1:
                            around = [target, *_path(inner, target, {state}.__contains__)]
                            return self._ambiguity("exponential", state, around)
            for pair in _apart_and_together(inner):
                return self._ambiguity("exponential", pair[0], _around(inner, pair[0]))
        return None

    def polynomial(self) -> Ambiguity | None:
        """Find two loops in sequence that read the same text."""
        failing = self._failing_edges()
        first_loops = _loops(self._edges)
        for second in _loops(failing):
            inner = _within(failing, second)
            leading = self._leading_to(second)
            for first in first_loops:
                if first.isdisjoint(leading):
                    continue
                search = _Triples(self._edges, _within(self._edges, first), inner, leading)
                if result := search.find(self.classes):
                    return self._ambiguity("polynomial", *result)
        return None

    def count_ways(self, text: str) -> int:
        """Sum the number of paths to each state after each character."""
        total, ways = 0, {0: 1}
        for character in text:
            number = self._texts.index(character)
            following: defaultdict[int, int] = defaultdict(int)
            for state, count in ways.items():
                for target in self._edges[state].get(number, ()):
                    following[target] += count
            ways = following
            total += sum(ways.values())
        return total

    def loops(self) -> list[tuple[str, str]]:
        """Return a text that leads to each loop, and a text that goes around it."""
        result = []
        for loop in _loops(self._edges):
            inner = _within(self._edges, loop)
            for state in sorted(loop)[:3]:
                around = _around(inner, state)
                result.append((self._prefix(state), self._text(around)))
        return result

    def _ambiguity(
        self, growth: Literal["exponential", "polynomial"], state: int, pump: list[int]
    ) -> Ambiguity:
        return Ambiguity(growth, self._prefix(state), self._text(pump))

    def _prefix(self, state: int) -> str:
        return self._text(_path(self._edges, 0, {state}.__contains__))

    def _text(self, states: Iterable[int]) -> str:
        return "".join(self._texts[self.classes[state]] for state in states)

    def _build(self) -> None:
        graph = self._graph
        ways = {node: list(self._ways_from(after)) for node, (_, after) in graph.characters.items()}
        ways[_START] = list(self._ways_from(graph.start))
        sets = {members for members, _ in graph.characters.values()}
        sets |= {item for some in ways.values() for way in some for item in (way.before, way.after)}
        self._partition(sets)
        self._add_state(_START, -1)
        for node, (members, _) in graph.characters.items():
            for number in self._classes_of(members):
                self._add_state(node, number)
        if self._use == "search":
            for number in range(len(self._texts)):
                self._add_state(_SCAN, number)
        for state, node in enumerate(self._nodes):
            self._connect(state, ways[_START if node == _SCAN else node])
            if self._use == "search" and node in {_START, _SCAN}:
                for number in range(len(self._texts)):
                    self._edges[state][number].append(self._number[_SCAN, number])

    def _add_state(self, node: int, number: int) -> None:
        self._number[node, number] = len(self._nodes)
        self._nodes.append(node)
        self.classes.append(number)

    def _partition(self, sets: set[int]) -> None:
        """Put characters that no set of the pattern distinguishes into one class."""
        samples, masks = self._graph.samples, sorted(sets)
        by_signature: dict[tuple[bool, ...], int] = {}
        for number in sorted(range(len(samples)), key=lambda item: not samples[item].isalnum()):
            signature = tuple(bool(item >> number & 1) for item in masks)
            by_signature.setdefault(signature, number)
        self._representatives = list(by_signature.values())
        self._texts = [samples[number] for number in self._representatives]
        self._end_bit = 1 << len(self._texts)

    def _classes_of(self, members: int) -> list[int]:
        result = enumerate(self._representatives)
        return [number for number, sample in result if members >> sample & 1]

    def _mask(self, members: int) -> int:
        mask = sum(1 << number for number in self._classes_of(members))
        return mask | (self._end_bit if members & self._graph.edge_bit else 0)

    def _connect(self, state: int, ways: list["_Way"]) -> None:
        number = self.classes[state]
        read = (
            self._graph.edge_bit
            if number < 0 and self._use == "search"
            else self._graph.everything  # ``match`` may begin within a text
            if number < 0
            else 1 << self._representatives[number]
        )
        for way in ways:
            if not way.before & read:
                continue
            if way.node == _ACCEPT:
                allowed = self._mask(way.after) if way.is_exact else 0
                self._accepts[state] |= (
                    allowed & self._end_bit if self._use == "fullmatch" else allowed
                )
                continue
            members, _ = self._graph.characters[way.node]
            for target_class in self._classes_of(members & way.after):
                target = self._number[way.node, target_class]
                self._edges[state][target_class].append(target)
                if way.is_exact and way.node not in self._graph.inexact:
                    self._sure.add((state, target))

    def _ways_from(self, node: int) -> Iterator["_Way"]:
        """Yield each path of empty steps to a character or to the end, visiting no node twice."""
        graph = self._graph
        stack = [(node, graph.everything, graph.everything, True, frozenset([node]))]
        while stack:
            at, before, after, is_exact, passed = stack.pop()
            if at in graph.characters:
                yield _Way(at, before, after, is_exact)
                continue
            if at == graph.end:
                yield _Way(_ACCEPT, before, after, is_exact)
            for step in graph.steps[at]:
                self._ways += 1
                if self._ways > MAX_WAYS:
                    raise UnsupportedError("too many ways by empty steps")
                allowed = before & step.before, after & step.after
                if step.target not in passed and all(allowed):
                    both = is_exact and step.is_exact
                    stack.append((step.target, *allowed, both, passed | {step.target}))

    def _never_failing(self) -> set[int]:
        """Return the states from which there is a match for any text."""
        safe = {
            state
            for state, node in enumerate(self._nodes)
            if node not in {_START, _SCAN} and self._accepts[state] & self._end_bit
        }
        is_changed = True
        while is_changed:
            failing = {state for state in safe if not self._is_safe(state, safe)}
            safe -= failing
            is_changed = bool(failing)
        return safe

    def _is_safe(self, state: int, safe: set[int]) -> bool:
        for number in range(len(self._texts)):
            if self._accepts[state] >> number & 1:
                continue
            targets = self._edges[state].get(number, ())
            if not any(item in safe and (state, item) in self._sure for item in targets):
                return False
        return True

    def _failing_edges(self) -> _Edges:
        """Return the edges of paths that may fail: without states and edges that pass a match."""
        failing: _Edges = defaultdict(dict)
        for state, by_class in self._edges.items():
            if state in self._safe or self._nodes[state] in {_START, _SCAN}:
                continue
            for number, targets in by_class.items():
                left = [item for item in targets if item not in self._safe]
                if left and not self._accepts[state] >> number & 1:
                    failing[state][number] = left
        return failing

    def _leading_to(self, states: set[int]) -> set[int]:
        """Return the states from which one of these can be reached, including these."""
        before: defaultdict[int, set[int]] = defaultdict(set)
        for state, by_class in self._edges.items():
            for target in (item for targets in by_class.values() for item in targets):
                before[target].add(state)
        result, waiting = set(states), list(states)
        while waiting:
            for state in before[waiting.pop()] - result:
                result.add(state)
                waiting.append(state)
        return result


@dataclass(frozen=True, slots=True)
class _Way:
    node: int
    before: int
    after: int
    is_exact: bool


class _Triples:
    """Three paths with one text: around the first loop, to the second loop, and around that."""

    def __init__(self, edges: _Edges, first: _Edges, second: _Edges, leading: set[int]) -> None:
        self._edges = edges
        self._first = first
        self._second = second
        self._leading = leading

    def find(self, classes: list[int]) -> tuple[int, list[int]] | None:
        """Return a state of the first loop, and the path around it that all three can read."""
        by_class = defaultdict(list)
        for state in self._second:
            by_class[classes[state]].append(state)
        starts = [
            (state, state, other)
            for state in self._first
            if state in self._leading
            for other in by_class[classes[state]]
            if other != state
        ]
        # Whether any of them arrives at all; usually none does, and nothing else remains to do.
        reached = self._reach(starts, lambda item: item[1] == item[2])
        if reached is None:
            return None
        for start in starts:
            goal = (start[0], start[2], start[2])
            if (way := self._reach([start], goal.__eq__)) is not None:
                return start[0], [item[0] for item in way[1:]]
        return None

    def _reach(
        self,
        starts: list[tuple[int, int, int]],
        is_goal: Callable[[tuple[int, int, int]], bool],
    ) -> list[tuple[int, int, int]] | None:
        came: dict[tuple[int, int, int], tuple[int, int, int] | None] = dict.fromkeys(starts)
        waiting = deque(starts)
        while waiting:
            at = waiting.popleft()
            for following in self._after(at):
                if is_goal(following):
                    return _back(came, at, following)
                if following not in came:
                    came[following] = at
                    waiting.append(following)
        return None

    def _after(self, at: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
        first, middle, second = at
        third = self._second.get(second, {})
        for number, targets in self._first.get(first, {}).items():
            if number not in third or number not in self._edges.get(middle, {}):
                continue
            for a in set(targets):
                for b in set(self._edges[middle][number]) & self._leading:
                    for c in set(third[number]):
                        yield a, b, c


def _back(
    came: dict[tuple[int, int, int], tuple[int, int, int] | None],
    at: tuple[int, int, int],
    goal: tuple[int, int, int],
) -> list[tuple[int, int, int]]:
    way = [goal]
    step: tuple[int, int, int] | None = at
    while step is not None:
        way.append(step)
        step = came[step]
    return way[::-1]


def _loops(edges: _Edges) -> list[set[int]]:
    """Return the strongly connected components that contain a loop (Kosaraju's algorithm)."""
    before: defaultdict[int, set[int]] = defaultdict(set)
    for state in list(edges):
        for target in _targets(edges, state):
            before[target].add(state)
    result, seen = [], set[int]()
    for root in reversed(_finished(edges)):
        if root in seen:
            continue
        component, waiting = {root}, [root]
        while waiting:
            for state in before[waiting.pop()] - seen - component:
                component.add(state)
                waiting.append(state)
        seen |= component
        if len(component) > 1 or root in _targets(edges, root):
            result.append(component)
    return result


def _finished(edges: _Edges) -> list[int]:
    """Return the states in the order in which a depth-first search leaves them."""
    order: list[int] = []
    seen: set[int] = set()
    for root in list(edges):
        work = [] if root in seen else [(root, iter(_targets(edges, root)))]
        seen.add(root)
        while work:
            _, targets = work[-1]
            target = next((item for item in targets if item not in seen), None)
            if target is None:
                order.append(work.pop()[0])
            else:
                seen.add(target)
                work.append((target, iter(_targets(edges, target))))
    return order


def _targets(edges: _Edges, state: int) -> set[int]:
    return {item for targets in edges.get(state, {}).values() for item in targets}


def _within(edges: _Edges, states: set[int]) -> _Edges:
    """Return the edges between these states."""
    inner: _Edges = {}
    for state in states:
        by_class = {
            number: left
            for number, targets in edges.get(state, {}).items()
            if (left := [item for item in targets if item in states])
        }
        if by_class:
            inner[state] = by_class
    return inner


def _apart_and_together(edges: _Edges) -> Iterator[tuple[int, int]]:
    """Yield pairs of states that one state reaches by one text, and that lead back to one state."""
    after: defaultdict[tuple[int, int], set[tuple[int, int]]] = defaultdict(set)
    before: defaultdict[tuple[int, int], set[tuple[int, int]]] = defaultdict(set)
    reached = {(state, state) for state in edges}
    waiting = list(reached)
    while waiting:
        pair = waiting.pop()
        for number in edges[pair[0]].keys() & edges[pair[1]].keys():
            for item in edges[pair[0]][number]:
                for other in edges[pair[1]][number]:
                    after[pair].add((item, other))
                    before[item, other].add(pair)
                    if (item, other) not in reached:
                        reached.add((item, other))
                        waiting.append((item, other))
    returning = {(state, state) for state in edges}
    waiting = list(returning)
    while waiting:
        for pair in before[waiting.pop()] - returning:
            returning.add(pair)
            waiting.append(pair)
    return (pair for pair in returning if pair[0] != pair[1])


def _path(edges: _Edges, start: int, is_goal: Callable[[int], bool]) -> list[int]:
    """Return the states after ``start`` to the nearest goal, which may be ``start`` itself."""
    came: dict[int, int | None] = {start: None}
    waiting = deque([start])
    while waiting:
        at = waiting.popleft()
        if is_goal(at):
            way = [at]
            while (before := came[way[-1]]) is not None:
                way.append(before)
            return way[::-1][1:]
        for target in sorted(_targets(edges, at) - came.keys()):
            came[target] = at
            waiting.append(target)
    return []


def _around(edges: _Edges, state: int) -> list[int]:
    """Return the states of the shortest path around a loop, from and to one of its states."""
    ways = [[item, *_path(edges, item, {state}.__contains__)] for item in _targets(edges, state)]
    return min(ways, key=len)
