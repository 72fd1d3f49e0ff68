"""A reference model of a job's life, in plain Python.

It repeats the design on purpose and does not use the queries' ``job_state_machine``.
"""

from dataclasses import dataclass, field
from typing import Any

ATTEMPTS = 3
FREE_HAND_BACKS = 3
ENDED = {"completed", "failed", "cancelled"}


@dataclass
class Claim:
    """A claim, from the worker's point of view."""

    id: str
    dispatch_no: int
    answer: dict[str, Any]
    assets: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Model:
    """The expected state of the job."""

    status: str = "queued"
    attempts: int = 0
    hand_backs: int = 0
    dispatch_no: int = 1
    current: Claim | None = None
    claims: list[Claim] = field(default_factory=list)
    winner: Claim | None = None

    def waits_again(self, *, attempts: int) -> None:
        """Back in the queue and dispatched at once: there is always a free slot."""
        self.status, self.current, self.attempts = "queued", None, attempts
        self.dispatch_no += 1

    def ends(self, status: str, winner: Claim | None = None) -> None:
        self.status, self.current, self.winner = status, None, winner
