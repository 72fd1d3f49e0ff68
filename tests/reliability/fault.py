"""What breaks a promise."""

from typing import NamedTuple


class Fault(NamedTuple):
    """Something that must not be, and the job that it is about."""

    kind: str
    sentence: str
    job_id: str | None = None

    @property
    def depends_on_speed(self) -> bool:
        """Whether a slow or busy machine can bring it about: ``make prove`` runs alone."""
        return self.kind in {"late", "idle", "fair"}
