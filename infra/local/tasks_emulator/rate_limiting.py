"""Rate limits and backoff: when the next attempt may start.

Times are seconds since the epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import RetryConfig, Task

RETENTION_SECONDS = 31 * 24 * 3600


class TokenBucket:
    """Allows `rate` dispatches per second, and up to `burst` at once after a pause."""

    def __init__(self) -> None:
        self._rate = 1.0
        self._burst = 1.0
        self._tokens = 0.0
        self._counted_at = 0.0

    def configure(self, rate: float, burst: int) -> None:
        """Change the limits; saved tokens stay, up to the new burst size."""
        self._rate = rate
        self._burst = max(1.0, burst)

    def ready_at(self, now: float) -> float:
        """Return the time at which a token is available."""
        self._refill(now)
        return now if self._tokens >= 1 else now + (1 - self._tokens) / self._rate

    def take(self, now: float) -> None:
        """Take a token."""
        self._refill(now)
        self._tokens -= 1

    def _refill(self, now: float) -> None:
        gained = max(0.0, now - self._counted_at) * self._rate
        self._tokens = min(self._burst, self._tokens + gained)
        self._counted_at = now


class OverloadBackoff:
    """Pauses a queue for a moment after a response of 429 or 503.

    The service lowers the queue's rate by amounts that are not published. Here the pause is 0.1 s,
    doubles with each overload after the pause, up to 1 s, and is reset by the first success: a
    busy worker gets few requests, and the other workers wait little.
    """

    SHORTEST_SECONDS = 0.1
    LONGEST_SECONDS = 1.0

    def __init__(self) -> None:
        self.until = 0.0
        self._hold = 0.0

    def record_overload(self, now: float) -> None:
        """Record an overload; further ones during the pause it causes are ignored."""
        if now < self.until:
            return
        self._hold = min(self.LONGEST_SECONDS, max(self.SHORTEST_SECONDS, 2 * self._hold))
        self.until = now + self._hold

    def reset(self) -> None:
        """Record a success."""
        self.until = self._hold = 0.0


def retry_delay(retry: RetryConfig, failures: int) -> float:
    """Return the seconds to wait after a number of failed attempts.

    The delay doubles `max_doublings` times, then grows linearly, up to `max_backoff`.

    Args:
        retry: the retry configuration.
        failures: the number of failed attempts, at least 1.
    """
    steps = failures - 1
    # 2**30 times the minimum backoff of a millisecond exceeds any max_backoff.
    doublings = min(steps, retry.max_doublings, 30)
    growth = 2**doublings * (1 + max(0, steps - retry.max_doublings))
    minimum, maximum = retry.min_backoff.total_seconds(), retry.max_backoff.total_seconds()
    return float(min(minimum * growth, maximum))


def is_exhausted(retry: RetryConfig, task: Task, now: float) -> bool:
    """Return whether a task that has just failed is not retried.

    If both limits are set, both must be reached; -1 attempts or a zero duration is no limit. No
    task is kept longer than `RETENTION_SECONDS`.
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
