"""What was measured: a series of rounds, and the row that it belongs to."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Series:
    """One side of a row: a figure of each round."""

    name: str
    unit: str
    values: Sequence[float]

    @property
    def median(self) -> float:
        """Of the rounds."""
        return statistics.median(self.values)

    @property
    def spread(self) -> str:
        """The least and the most of the rounds."""
        return f"{fmt(min(self.values))} to {fmt(max(self.values))}"


@dataclass(frozen=True)
class Row:
    """One row of the page."""

    key: str
    title: str
    how: str
    """What was done, so that somebody else can do it again."""
    aim: str
    seen: str
    holds: bool | None
    """None where nothing was promised."""
    series: Sequence[Series] = ()
    aim_at: float | None = None
    """Where the aim lies on the plot, in the series' own unit."""
    notes: Sequence[str] = ()
    table: Sequence[Sequence[str]] = ()
    """A further table, its head first."""
    spans: Sequence[tuple[str, float, float, int]] = ()
    """Of a waterfall: name, begin and end in milliseconds, depth."""
    made: dict[str, str] = field(default_factory=dict)
    """When it was measured, and under which settings."""


def fmt(value: float) -> str:
    """A number with three digits that count."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of them do not pass, between two neighbours."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def of_json(values: dict[str, Any]) -> Row:
    """A row as ``dataclasses.asdict`` wrote it."""
    series = [Series(**one) for one in values["series"]]
    return Row(**{**values, "series": series})
