"""A simulation's clock, and lines in which jobs wait for a part to be free."""

import heapq
import itertools
from collections import deque
from collections.abc import Callable


class Clock:
    """What happens next."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Act so many seconds from now."""
        heapq.heappush(self._events, (self.now + seconds, next(self._order), act))

    def run(self) -> None:
        """Go on until nothing is left to happen."""
        while self._events:
            self.now, _, act = heapq.heappop(self._events)
            act()


class Line:
    """A part: so many at a time, in the order of coming."""

    def __init__(self, clock: Clock, servers: int, cores: "Line | None" = None) -> None:
        self._clock, self._cores = clock, cores
        self.servers = self._free = servers
        self._waiting: deque[Callable[[], None]] = deque()
        self.busy = 0.0

    def take(self, act: Callable[[], None]) -> None:
        """Act once there is a place; whoever took it gives it back."""
        self._waiting.append(act)
        self._next()

    def give_back(self) -> None:
        """The place is free for the next."""
        self._free += 1
        self._next()

    def serve(self, seconds: float, then: Callable[[], None]) -> None:
        """Keep a place, and a core where those are shared, busy for so long."""

        def done() -> None:
            self.give_back()
            then()

        def begin() -> None:
            self.busy += seconds
            if self._cores:
                self._cores.serve(seconds, done)
            else:
                self._clock.after(seconds, done)

        self.take(begin)

    def _next(self) -> None:
        if self._free and self._waiting:
            self._free -= 1
            self._waiting.popleft()()
