"""Timers: CUDA events with a GPU, else the CPU's clock."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the extremes of several samples."""

    median: float
    least: float
    most: float
    samples: int


class Mark:
    """A point in the device's queue of work."""

    def __init__(self) -> None:
        self.event: Any = None
        if torch.cuda.is_available():
            self.event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
            self.event.record()
        self.at = time.perf_counter()

    def seconds_until(self, later: "Mark") -> float:
        """Wait for the later mark and return the device's seconds between the two."""
        if self.event is None:
            return later.at - self.at
        later.event.synchronize()
        return float(self.event.elapsed_time(later.event)) / 1000


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """Return a function that runs ``work`` and returns the seconds it took."""

    def seconds() -> float:
        start = Mark()
        work()
        return start.seconds_until(Mark())

    return seconds


def spread(samples: Sequence[float]) -> Spread:
    """Return the median, minimum and maximum of samples."""
    return Spread(statistics.median(samples), min(samples), max(samples), len(samples))


def device() -> str:
    """Return the device that the workers use on this machine: ``cuda`` or ``cpu``."""
    return "cuda" if torch.cuda.is_available() else "cpu"
