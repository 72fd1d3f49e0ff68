"""Row 6: one dispatch with 100,000 jobs waiting, beside one with 100."""

import asyncio
import statistics
from collections.abc import Sequence

from tests.performance import backlog
from tests.performance.bench.figures import Row, Series, fmt
from tests.performance.bench.scale import Scale

_AIM = 2.0
_QUICK = ("1,000 users",)


async def measure(scale: Scale) -> list[Row]:
    """Measure each shape of the backlog in its own system."""
    each = scale.of(12, 6)
    series, ratios = [], {}
    for shape in _QUICK if scale.is_quick else backlog.SHAPES:
        both = await asyncio.to_thread(backlog.measure, shape, each * scale.rounds)
        few, many = (_rounds(one, each) for one in both)
        ratios[shape] = statistics.median(a / b for a, b in zip(many, few, strict=True))
        series += [
            Series(f"{shape}: {backlog.SHORT} waiting", "ms", few),
            Series(f"{shape}: {backlog.LONG:,} waiting", "ms", many),
        ]
    return [_row(scale, each, series, ratios)]


def _rounds(fills: Sequence[float], each: int) -> list[float]:
    return [statistics.median(fills[at : at + each]) for at in range(0, len(fills), each)]


def _row(scale: Scale, each: int, series: list[Series], ratios: dict[str, float]) -> Row:
    worst = max(ratios.values())
    return Row(
        key="6",
        title=f"dispatch with {backlog.LONG:,} jobs waiting",
        how=(
            f"{scale.rounds} rounds of {each} fills a side, turn by turn in one database, after 20 "
            "to warm up: a slot is freed, and the fair choice, the row's update, its commit and "
            "the Cloud Task fill it again."
        ),
        aim=f"at most {_AIM:.0f} x with {backlog.SHORT}",
        seen="; ".join(f"{shape}: {fmt(ratio)} x" for shape, ratio in ratios.items()),
        holds=worst <= _AIM,
        series=series,
    )
