"""What ``GET /job-events`` tells, as the data of its server-sent events."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.contracts.base import CamelContract, Contract

ChangeType = Literal["INSERT", "UPDATE", "DELETE"]


class Change(Contract):
    """``event: change``, as Supabase's ``postgres_changes`` name it."""

    table: str
    type: ChangeType
    commit_timestamp: datetime
    record: dict[str, Any] | None
    """The row as its user may read it; None of a row that is gone."""
    old_record: dict[str, Any] | None
    """The id alone; None of a row that is new."""


class Progress(CamelContract):
    """``event: progress``."""

    job_id: UUID
    progress: float
    step: int | None
    steps: int | None


class EventTicket(CamelContract):
    """``POST /job-events``: what opens one stream, as ``?ticket=``, for a browser's EventSource."""

    success: bool = True
    ticket: str
    expires_in_seconds: int
