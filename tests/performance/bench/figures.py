"""Results: a series of rounds, and the row that it belongs to."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Series:
    """One side of a row: a figure for each round."""

    name: str
    unit: str
    values: Sequence[float]

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.values)

    @property
    def spread(self) -> str:
        """The minimum and the maximum of the rounds."""
        return f"{fmt(min(self.values))} to {fmt(max(self.values))}"


@dataclass(frozen=True)
class Row:
    """One row of the report."""

    key: str
    title: str
    how: str
    """How it was measured, so that it can be repeated."""
    aim: str
    seen: str
    holds: bool | None
    """None where there is no target."""
    series: Sequence[Series] = ()
    aim_at: float | None = None
    """Where the target is drawn on the plot, in the series' unit."""
    notes: Sequence[str] = ()
    table: Sequence[Sequence[str]] = ()
    """An additional table, its header first."""
    spans: Sequence[tuple[str, float, float, int]] = ()
    """Spans of a waterfall: name, start and end in milliseconds, depth."""
    made: dict[str, str] = field(default_factory=dict)
    """When it was measured, and with which settings."""


def fmt(value: float) -> str:
    """Format a number with three significant digits."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile, interpolated between neighbouring values."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def of_json(values: dict[str, Any]) -> Row:
    """Build a row from the result of ``dataclasses.asdict``."""
    series = [Series(**one) for one in values["series"]]
    return Row(**{**values, "series": series})
