"""Estimate when a newly queued job will start, from the queue, measured durations and slots.

``expected`` is the work ahead divided by the slots, as if the queue were served in order. The fair
queue alternates between users instead. That changes the start of single jobs but not their mean: a
user with nothing else waiting starts sooner, and others later. The interval from ``min`` to ``max``
contains the start of at least four jobs in five; its width was found by simulating the real order
(``tests/unit/test_eta.py``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.contracts.job_catalog import JOB_TYPES
from shared.contracts.metrics import EtaPhrase
from shared.db.queries.metrics import Duration, Load, QueueState

_MAX_IDLE_SECONDS = 5.0
"""Longest delay to a free worker: the largest minimum backoff of the queues."""

_MIN_LEFT = 0.1
"""Remaining share of the usual time, for a job that has run longer than that."""

_EARLY, _LATE = 0.35, 2.75
"""Factors found by the simulation: the earliest start is ``_EARLY`` times the work that holds
slots, the latest ``_LATE`` times the expected start."""

_EXPECTED_SLOW = 2.0
"""Factor for the slowest tenth of jobs of a type that was not measured in the last day."""


@dataclass(frozen=True, slots=True)
class Eta:
    """Expected, earliest and latest start, in seconds from now."""

    expected: float
    min: float
    max: float


def estimate(
    queue: QueueState, durations: Mapping[str, Duration], *, slots: int, is_free: bool
) -> Eta | None:
    """Estimate the start of a job queued now; in four of five cases the interval contains it.

    Args:
        queue: The jobs ahead.
        durations: Measured durations by job type, in seconds per image or video.
        slots: Total slots of the workers that serve the queue.
        is_free: Whether one of them holds fewer jobs than it has slots. Others may hold more.

    Returns:
        The estimate; None if there is no slot.
    """
    if slots == 0:
        return None
    if is_free and queue.waiting == 0:
        return Eta(0, 0, _MAX_IDLE_SECONDS)
    all_loads = [*queue.running, *queue.dispatched, *queue.sample]
    # When the job starts, the other slots are half-way through their jobs on average.
    mean = _mean(all_loads, durations)
    in_other_slots = (slots - 1) * mean / 2
    in_slots = _left(queue.running, durations) + _seconds(queue.dispatched, durations)
    soonest = max(0.0, in_slots - in_other_slots) / slots
    ahead = in_slots + queue.waiting * _mean(queue.sample, durations)
    expected = max(0.0, ahead - in_other_slots) / slots
    slow = _mean(all_loads, durations, is_slow=True)
    return Eta(expected, _EARLY * max(0.0, soonest - mean / slots), _LATE * expected + slow)


def format_eta(eta: Eta | None) -> EtaPhrase:
    """Format the expected start as the API specifies it; without an estimate, "> 10 mins"."""
    if eta is None:
        return "> 10 mins"
    bounds: dict[EtaPhrase, float] = {
        "immediate": 1,
        "< 1 min": 60,
        "1-3 mins": 180,
        "3-10 mins": 600,
    }
    return next((phrase for phrase, limit in bounds.items() if eta.expected < limit), "> 10 mins")


def _count(loads: Sequence[Load]) -> int:
    return sum(load.jobs for load in loads)


def _each(job_type: str, durations: Mapping[str, Duration], *, is_slow: bool = False) -> float:
    """Return the seconds per image or video: as measured, else as the job catalog expects."""
    measured = durations.get(job_type)
    if measured:
        return measured.slow if is_slow else measured.median
    return JOB_TYPES[job_type].expected_seconds * (_EXPECTED_SLOW if is_slow else 1)


def _seconds(
    loads: Sequence[Load], durations: Mapping[str, Duration], *, is_slow: bool = False
) -> float:
    return sum(load.images * _each(load.job_type, durations, is_slow=is_slow) for load in loads)


def _left(loads: Sequence[Load], durations: Mapping[str, Duration]) -> float:
    usual = [load.images * _each(load.job_type, durations) for load in loads]
    return sum(
        max(seconds - load.elapsed_seconds, _MIN_LEFT * seconds)
        for load, seconds in zip(loads, usual, strict=True)
    )


def _mean(
    loads: Sequence[Load], durations: Mapping[str, Duration], *, is_slow: bool = False
) -> float:
    return _seconds(loads, durations, is_slow=is_slow) / _count(loads) if loads else 0.0
