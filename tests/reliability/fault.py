"""A violation of a promise."""

from typing import NamedTuple


class Fault(NamedTuple):
    """A violation, and the job that it concerns."""

    kind: str
    message: str
    job_id: str | None = None

    @property
    def depends_on_speed(self) -> bool:
        """Whether a slow or busy machine can cause it; ``make reliability`` runs alone."""
        return self.kind in {"late", "idle", "fair"}
