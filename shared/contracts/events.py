"""job-events payloads: the data of its server-sent events."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.contracts.base import CamelContract, Contract

ChangeType = Literal["INSERT", "UPDATE", "DELETE"]


class Change(Contract):
    """``event: change``, with the field names of Supabase's ``postgres_changes``."""

    table: str
    type: ChangeType
    commit_timestamp: datetime
    record: dict[str, Any] | None
    """The columns that the user may read; None for a deleted row."""
    old_record: dict[str, Any] | None
    """Only the id; None for a new row."""


class Progress(CamelContract):
    """``event: progress``: the progress of a running job, from 0 to 1."""

    job_id: UUID
    progress: float
    step: int | None
    steps: int | None


class EventTicket(CamelContract):
    """``POST /job-events``: a single-use ``?ticket=`` for a browser's EventSource."""

    success: bool = True
    ticket: str
    expires_in_seconds: int
