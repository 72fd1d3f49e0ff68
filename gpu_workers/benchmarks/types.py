"""Benchmark definitions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

PLAIN, WORKER = "plain", "worker"


class Bench(NamedTuple):
    """The folder and the size of the models."""

    models: Path
    """The folder in which models are built."""
    toy: bool
    """Tiny models and few steps, to test the command; the figures mean nothing."""


class Variant(NamedTuple):
    """One of the two sides that are compared."""

    run: Callable[[], float]
    """Runs once and returns the seconds it took."""
    units: float
    """Pictures, steps or tokens per run."""
    flops: float = 0
    """FLOPs per run."""
    moved_bytes: float = 0
    """Bytes read per run, if reading the weights is the bottleneck."""


@dataclass(frozen=True)
class Prepared:
    """A benchmark whose models are loaded, checked and warm."""

    sides: Mapping[str, Variant]
    cosine: float | None = None
    """The similarity of both sides' outputs with the same weights and seed."""
    parameters: Mapping[str, int] = field(default_factory=dict)
    """Parameter counts by model."""
    expected: Mapping[str, int] = field(default_factory=dict)
    """The published parameter counts by model."""
    more: Mapping[str, float] = field(default_factory=dict)
    """Additional figures for the table."""


class Benchmark(NamedTuple):
    """The definition of one row of the table."""

    name: str
    what: str
    unit: str
    labels: tuple[str, str]
    """Descriptions of the plain side and of the worker's."""
    aim: float
    """The target: how many times as fast the worker should be."""
    min_cosine: float
    """The minimum similarity of both sides' outputs."""
    model: str
    """The full-size model it needs."""
    settings: Callable[[], Mapping[str, object]]
    """Returns the worker's settings; if they change, the benchmark starts from zero."""
    prepare: Callable[[Bench], Prepared]
    """Loads and warms up the models."""
