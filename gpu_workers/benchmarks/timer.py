"""Time as the device has it: events where there is a GPU, else the processor's own clock."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch


class Spread(NamedTuple):
    """Of several samples."""

    median: float
    least: float
    most: float
    samples: int


class Mark:
    """A moment in what the device was told to do."""

    def __init__(self) -> None:
        self.event: Any = None
        if torch.cuda.is_available():
            self.event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
            self.event.record()
        self.at = time.perf_counter()

    def seconds_until(self, later: "Mark") -> float:
        """What the device took from here to there, once it has got there."""
        if self.event is None:
            return later.at - self.at
        later.event.synchronize()
        return float(self.event.elapsed_time(later.event)) / 1000


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """The work as what gives its seconds."""

    def seconds() -> float:
        start = Mark()
        work()
        return start.seconds_until(Mark())

    return seconds


def spread(samples: Sequence[float]) -> Spread:
    """The median with the least and the most."""
    return Spread(statistics.median(samples), min(samples), max(samples), len(samples))


def device() -> str:
    """Where the workers run on this machine."""
    return "cuda" if torch.cuda.is_available() else "cpu"
