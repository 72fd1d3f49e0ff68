"""Counts of the attempts against one threat and their outcomes."""

import random
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

import httpx

T = TypeVar("T")

_MAX_REPORTED = 10
_SERVERS_FAULT = 500
MAX_WAIT_SECONDS = 1.0
"""Longest time that another user may wait for a response during an attack."""


@dataclass(frozen=True)
class Corpora:
    """Size and seed of the corpora; the same seed generates the same corpora."""

    seed: int
    is_full: bool

    def chance(self, name: str) -> random.Random:
        """Return a random source for one corpus, independent of what ran before."""
        return random.Random(f"{self.seed}/{name}")

    def size(self, full: int, *, short: int) -> int:
        """Return how many samples to generate."""
        return full if self.is_full else short

    def some(self, items: Sequence[T], *, short: int) -> list[T]:
        """Return all items, or a sample of ``short`` items with the short corpora."""
        if self.is_full or len(items) <= short:
            return list(items)
        return self.chance(f"sample of {len(items)}").sample(items, short)


@dataclass
class Tally:
    """Attempts, counted from several threads."""

    tried: int = 0
    let_through: list[str] = field(default_factory=list)
    server_errors: list[str] = field(default_factory=list)
    max_wait_seconds: float | None = None
    """The longest that another user waited for a response meanwhile, where it was measured."""
    is_timed: bool = False
    """Whether the test fails where that exceeds ``MAX_WAIT_SECONDS``, or a query reaches its time
    limit: with the full corpora, which run alone. Beside other tests it would measure the machine.
    """
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def refused(self, what: str, *, is_refused: bool) -> None:
        """Count an attempt whose outcome is not the status of a response."""
        with self._lock:
            self.tried += 1
            if not is_refused:
                self.let_through.append(what)

    def answered(self, what: str, answer: httpx.Response, may: Collection[int]) -> None:
        """Count an attempt; a status that is not in ``may`` is let through."""
        with self._lock:
            self.tried += 1
            text = f"{what}: {answer.status_code} {answer.text[:200]}"
            if not self.is_timed and _reached_time_limit(answer):
                return
            if answer.status_code >= _SERVERS_FAULT:
                self.server_errors.append(text)
            elif answer.status_code not in may:
                self.let_through.append(text)

    def other_user_waited(self, seconds: float) -> None:
        """Record one response to another user."""
        with self._lock:
            self.max_wait_seconds = max(seconds, self.max_wait_seconds or 0)

    def hold(self) -> None:
        """Fail if an attempt was let through, or caused a server error."""
        assert self.tried, "nothing was tried"
        assert not self.let_through, "let through: " + "\n".join(self.let_through[:_MAX_REPORTED])
        assert not self.server_errors, "answered 5xx: " + "\n".join(
            self.server_errors[:_MAX_REPORTED]
        )
        if self.is_timed and self.max_wait_seconds is not None:
            text = f"another user waited {self.max_wait_seconds:.2f} s"
            assert self.max_wait_seconds <= MAX_WAIT_SECONDS, text

    def figures(self) -> dict[str, float | None]:
        """Return the counts."""
        return {
            "tried": self.tried,
            "let_through": len(self.let_through),
            "server_errors": len(self.server_errors),
            "max_wait_seconds": self.max_wait_seconds,
        }


def _reached_time_limit(answer: httpx.Response) -> bool:
    """Return whether the database cancelled the query at its time limit (SQLSTATE 57014)."""
    return answer.status_code == HTTPStatus.GATEWAY_TIMEOUT and '"57014"' in answer.text
