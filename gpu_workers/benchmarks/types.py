"""What a row of the table is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

PLAIN, WORKER = "plain", "worker"


class Bench(NamedTuple):
    """Where and at what size it is measured."""

    models: Path
    """Where models are made."""
    toy: bool
    """Tiny models and few steps, to try the command itself; its figures mean nothing."""


class Variant(NamedTuple):
    """One of the two that are held against each other."""

    run: Callable[[], float]
    """Do it once; its seconds."""
    units: float
    """Pictures, steps or tokens of a run."""
    flops: float = 0
    """Of a run, counted."""
    moved_bytes: float = 0
    """Of a run, where reading the weights is what costs."""


@dataclass(frozen=True)
class Prepared:
    """Models that are loaded, checked, and warm."""

    sides: Mapping[str, Variant]
    cosine: float | None = None
    """Of the worker's output beside the plain path's, by the same weights and seed."""
    parameters: Mapping[str, int] = field(default_factory=dict)
    expected: Mapping[str, int] = field(default_factory=dict)
    more: Mapping[str, float] = field(default_factory=dict)
    """Figures besides."""


class Benchmark(NamedTuple):
    """A row before it is measured."""

    name: str
    what: str
    unit: str
    labels: tuple[str, str]
    """What the plain side is, and what the worker's."""
    aim: float
    """How many times as fast the worker's is to be."""
    min_cosine: float
    model: str
    """Which true model it needs."""
    settings: Callable[[], Mapping[str, object]]
    """The worker's own, as the environment has them: with others it is measured anew."""
    prepare: Callable[[Bench], Prepared]
