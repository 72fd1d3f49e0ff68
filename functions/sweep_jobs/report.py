"""Counters of one sweep."""

from pydantic import ConfigDict

from shared.contracts.base import Contract


class SweepJobsResponse(Contract):
    """Counters of a sweep, updated by its steps."""

    model_config = ConfigDict(frozen=False)

    success: bool = True
    unclaimed: int = 0
    completed_from_manifest: int = 0
    sent_back: int = 0
    failed: int = 0
    workers_answered: int = 0
    workers_silent: int = 0
    sent_again: int = 0
    dispatched: int = 0
    promoted: int = 0
    assets_expired: int = 0
    jobs_cleaned: int = 0
    copies_given_up: int = 0
    deletions_finished: int = 0
    objects_deleted: int = 0
    """Stored objects that no row references."""
    receipts_deleted: int = 0
    keys_deleted: int = 0
    events_deleted: int = 0
    tickets_deleted: int = 0
    turns_deleted: int = 0
    buckets_deleted: int = 0
    discards_forgotten: int = 0
    deletions_forgotten: int = 0
    not_done: list[str] = []
    """Steps that failed, took too long or were not reached; the next sweep runs them."""
