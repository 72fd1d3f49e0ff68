"""When a job that is queued now will begin: from the queue, the measured durations and the slots.

``likely`` is the work ahead divided by the slots, as if the queue were served in order. Users take
turns instead, which moves single jobs and not their mean: one begins soon whose user has nothing
else waiting, another late whom others overtake. ``least`` and ``most`` hold at least four of five;
how wide that takes was found by simulating the real order (``tests/unit/test_eta.py``).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shared.contracts.job_catalog import JOB_TYPES
from shared.contracts.metrics import EtaPhrase
from shared.db.queries.metrics import Duration, Load, QueueState

_IDLE_MOST_SECONDS = 5.0
"""To a worker that is free: the longest of the queues' least backoffs."""

_MIN_LEFT = 0.1
"""Of its usual time, for a job that has run longer than that."""

_EARLY, _LATE = 0.35, 2.75
"""Of what holds slots, and of what is likely: found by the simulation."""

_EXPECTED_SLOW = 2.0
"""Of a type that was not measured in the last day: one in ten takes this much longer."""


class Eta(NamedTuple):
    """In seconds from now."""

    expected: float
    min: float
    max: float


def estimate(
    queue: QueueState, durations: Mapping[str, Duration], *, slots: int, is_free: bool
) -> Eta | None:
    """The interval holds the true beginning in four of five cases; None without a slot.

    Args:
        queue: what is ahead.
        durations: what was measured, by job type.
        slots: of the workers that serve the queue.
        is_free: whether one of them holds fewer jobs than it has slots. Others may hold more.
    """
    if slots == 0:
        return None
    if is_free and queue.waiting == 0:
        return Eta(0, 0, _IDLE_MOST_SECONDS)
    everything = [*queue.running, *queue.dispatched, *queue.sample]
    # While it begins, the other slots are half-way through their jobs.
    one = _mean(everything, durations)
    others = (slots - 1) * one / 2
    before = _left(queue.running, durations) + _seconds(queue.dispatched, durations)
    soon = max(0.0, before - others) / slots
    behind = before + queue.waiting * _mean(queue.sample, durations)
    likely = max(0.0, behind - others) / slots
    slow = _mean(everything, durations, is_slow=True)
    return Eta(likely, _EARLY * max(0.0, soon - one / slots), _LATE * likely + slow)


def format_eta(eta: Eta | None) -> EtaPhrase:
    """The likely beginning, as the specification says it; without a worker nobody knows."""
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
    """One image or video, in seconds: as measured, else as the catalogue expects."""
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
