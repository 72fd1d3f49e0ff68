"""What breaks a promise."""

from typing import NamedTuple


class Fault(NamedTuple):
    """Something that must not be, and the job that it is about."""

    kind: str
    sentence: str
    job_id: str | None = None
