"""A job's life as the design says it, in plain Python.

It is written a second time on purpose, without a look at ``job_state_machine`` of the queries.
"""

from dataclasses import dataclass, field
from typing import Any

ATTEMPTS = 3
FREE_HAND_BACKS = 3
ENDED = {"completed", "failed", "cancelled"}


@dataclass
class Claim:
    """One claim as the worker remembers it."""

    id: str
    dispatch_no: int
    answer: dict[str, Any]
    assets: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Model:
    """What must be true of the job."""

    status: str = "queued"
    attempts: int = 0
    hand_backs: int = 0
    dispatch_no: int = 1
    current: Claim | None = None
    claims: list[Claim] = field(default_factory=list)
    winner: Claim | None = None

    def waits_again(self, *, attempts: int) -> None:
        """Back in the queue, and dispatched at once: there is always a slot."""
        self.status, self.current, self.attempts = "queued", None, attempts
        self.dispatch_no += 1

    def ends(self, status: str, winner: Claim | None = None) -> None:
        self.status, self.current, self.winner = status, None, winner
