"""A simulation's clock, and lines in which jobs wait for a free server."""

import heapq
import itertools
from collections import deque
from collections.abc import Callable


class Clock:
    """The current time, and the events to come."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Schedule ``act`` in so many seconds."""
        heapq.heappush(self._events, (self.now + seconds, next(self._order), act))

    def run(self) -> None:
        """Run until no events are left."""
        while self._events:
            self.now, _, act = heapq.heappop(self._events)
            act()


class Line:
    """A part with a number of servers, first come, first served."""

    def __init__(self, clock: Clock, servers: int, cores: "Line | None" = None) -> None:
        self._clock, self._cores = clock, cores
        self.servers = self._free = servers
        self._waiting: deque[Callable[[], None]] = deque()
        self.busy = 0.0

    def take(self, act: Callable[[], None]) -> None:
        """Run ``act`` once a server is free; the caller must call ``give_back``."""
        self._waiting.append(act)
        self._next()

    def give_back(self) -> None:
        """Free a server for the next in line."""
        self._free += 1
        self._next()

    def serve(self, seconds: float, then: Callable[[], None]) -> None:
        """Occupy a server, and a core where cores are shared, for some time; then call ``then``."""

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
