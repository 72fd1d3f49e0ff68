"""What was tried against one threat, and what came of it."""

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
"""How long another user may wait for a response while one attacks."""


@dataclass(frozen=True)
class Corpora:
    """How much is tried, and with which seed: the same seed gives the same corpora."""

    seed: int
    is_full: bool

    def chance(self, name: str) -> random.Random:
        """Chance of its own for each corpus, so that none depends on what ran before it."""
        return random.Random(f"{self.seed}/{name}")

    def size(self, full: int, *, short: int) -> int:
        """How many to make."""
        return full if self.is_full else short

    def some(self, whole: Sequence[T], *, short: int) -> list[T]:
        """All of them; or a sample, in the short form."""
        if self.is_full or len(whole) <= short:
            return list(whole)
        return self.chance(f"sample of {len(whole)}").sample(whole, short)


@dataclass
class Tally:
    """Attempts, counted from several threads."""

    tried: int = 0
    let_through: list[str] = field(default_factory=list)
    server_errors: list[str] = field(default_factory=list)
    max_wait_seconds: float | None = None
    """The longest that another user waited for a response meanwhile, where it was measured."""
    is_timed: bool = False
    """Whether the test fails where that is more than a second, or where a query reaches its time
    limit: with the full corpora, which run alone. Beside other tests it would measure the machine.
    """
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def refused(self, what: str, *, is_refused: bool) -> None:
        """Count an attempt that no answer's status tells of."""
        with self._lock:
            self.tried += 1
            if not is_refused:
                self.let_through.append(what)

    def answered(self, what: str, answer: httpx.Response, may: Collection[int]) -> None:
        """Count an attempt; a status besides those that it ``may`` have is let through."""
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
        """Fail where anything was let through, or broke the server."""
        assert self.tried, "nothing was tried"
        assert not self.let_through, "let through: " + "\n".join(self.let_through[:_MAX_REPORTED])
        assert not self.server_errors, "answered 5xx: " + "\n".join(
            self.server_errors[:_MAX_REPORTED]
        )
        if self.is_timed and self.max_wait_seconds is not None:
            text = f"another user waited {self.max_wait_seconds:.2f} s"
            assert self.max_wait_seconds <= MAX_WAIT_SECONDS, text

    def figures(self) -> dict[str, float | None]:
        """As numbers."""
        return {
            "tried": self.tried,
            "let_through": len(self.let_through),
            "server_errors": len(self.server_errors),
            "max_wait_seconds": self.max_wait_seconds,
        }


def _reached_time_limit(answer: httpx.Response) -> bool:
    """Whether the database cancelled the query when its time was up (SQLSTATE 57014)."""
    return answer.status_code == HTTPStatus.GATEWAY_TIMEOUT and '"57014"' in answer.text
