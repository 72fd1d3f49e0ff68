"""When the next attempt may start: rate, overload and retry, as arithmetic on times.

Times are seconds since the epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import RetryConfig, Task

RETENTION_SECONDS = 31 * 24 * 3600


class TokenBucket:
    """Lets `rate` dispatches a second pass, and up to `burst` at once after a pause."""

    def __init__(self) -> None:
        self._rate = 1.0
        self._burst = 1.0
        self._tokens = 0.0
        self._counted_at = 0.0

    def configure(self, rate: float, burst: int) -> None:
        """Go on with other limits; what was saved up stays, as far as it fits."""
        self._rate = rate
        self._burst = max(1.0, burst)

    def ready_at(self, now: float) -> float:
        """The time at which a token is there to take."""
        self._refill(now)
        return now if self._tokens >= 1 else now + (1 - self._tokens) / self._rate

    def take(self, now: float) -> None:
        """Spend a token."""
        self._refill(now)
        self._tokens -= 1

    def _refill(self, now: float) -> None:
        gained = max(0.0, now - self._counted_at) * self._rate
        self._tokens = min(self._burst, self._tokens + gained)
        self._counted_at = now


class OverloadBackoff:
    """Holds a whole queue back for a moment after an answer of 429 or 503.

    The service lowers the queue's rate by amounts it does not publish. Here the hold is 0.1 s,
    doubles with each further overload that comes after a hold has passed, up to 1 s, and is
    forgotten on the first success: a busy worker is asked seldom, and its neighbours wait little.
    """

    SHORTEST_SECONDS = 0.1
    LONGEST_SECONDS = 1.0

    def __init__(self) -> None:
        self.until = 0.0
        self._hold = 0.0

    def record_overload(self, now: float) -> None:
        """Note an overload; those that arrive during a hold belong to the one it answers."""
        if now < self.until:
            return
        self._hold = min(self.LONGEST_SECONDS, max(self.SHORTEST_SECONDS, 2 * self._hold))
        self.until = now + self._hold

    def reset(self) -> None:
        """Note a success."""
        self.until = self._hold = 0.0


def retry_delay(retry: RetryConfig, failures: int) -> float:
    """Seconds to wait after the given number of failed attempts, at least one.

    It doubles `max_doublings` times, then grows by the last step, up to `max_backoff`.
    """
    steps = failures - 1
    # 2**30 times the least backoff of a millisecond is past any max_backoff.
    doublings = min(steps, retry.max_doublings, 30)
    growth = 2**doublings * (1 + max(0, steps - retry.max_doublings))
    minimum, maximum = retry.min_backoff.total_seconds(), retry.max_backoff.total_seconds()
    return float(min(minimum * growth, maximum))


def is_exhausted(retry: RetryConfig, task: Task, now: float) -> bool:
    """Whether a task that has just failed is given up.

    Where both bounds are set, both have to be met; a bound of -1 attempts or of no duration is
    not set. Nothing outlives the retention.
    """
    if now - task.create_time.timestamp() >= RETENTION_SECONDS:
        return True
    unlimited_attempts = retry.max_attempts < 0
    limit = retry.max_retry_duration.total_seconds()
    if unlimited_attempts and not limit:
        return False
    tried_enough = unlimited_attempts or task.dispatch_count >= retry.max_attempts
    tried_long = now - task.first_attempt.dispatch_time.timestamp() >= limit
    return bool(tried_enough and tried_long)
