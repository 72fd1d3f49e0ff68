"""How often a client may ask for something: a token bucket."""

from collections.abc import Callable


class TokenBucket:
    """``at_once`` may come together, and from then on ``per_second``."""

    def __init__(self, at_once: int, per_second: float, clock: Callable[[], float]) -> None:
        self._most = at_once
        self._per_second = per_second
        self._clock = clock
        self._left = float(at_once)
        self._at = clock()

    def try_acquire(self) -> bool:
        """Whether one more may be done now; it counts as done then."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
