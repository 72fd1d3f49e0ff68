"""Token bucket that limits how often a client may join."""

from collections.abc import Callable


class TokenBucket:
    """A token bucket.

    Args:
        at_once: its capacity; it starts full.
        per_second: tokens that are added per second.
        clock: returns the time in seconds.
    """

    def __init__(self, at_once: int, per_second: float, clock: Callable[[], float]) -> None:
        self._capacity = at_once
        self._per_second = per_second
        self._clock = clock
        self._left = float(at_once)
        self._at = clock()

    def try_acquire(self) -> bool:
        """Take a token; False if there is none."""
        now = self._clock()
        self._left = min(self._capacity, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
