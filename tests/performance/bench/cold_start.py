"""Row 7: each function's cold start, beside the bare start."""

import asyncio
import statistics
from collections.abc import Mapping
from pathlib import Path

from infra import manifest as the_map
from tests.performance.bench import fixtures
from tests.performance.bench.cold_start_requests import Opener, bare, openers
from tests.performance.bench.figures import Row, Series, fmt
from tests.performance.bench.function_process import Served
from tests.performance.bench.scale import Scale

_AIM = 1.5
_QUICK = ("queue-job", "job-callback", "rest")
_START, _HANDLER = "the bare start", "the bare handler"


async def measure(scale: Scale) -> list[Row]:
    """Start one process after the other in each round, and time its first response."""
    return await asyncio.to_thread(_measure, scale)


def _measure(scale: Scale) -> list[Row]:
    names = _QUICK if scale.is_quick else list(the_map.read().functions)
    seconds: dict[str, list[float]] = {}
    statuses: dict[str, int] = {}
    with fixtures.system("none") as system:
        settings = fixtures.settings_of(system)
        requests = openers(settings)
        for number in range(scale.of(5, 2) + 1):
            for name, source in _sources(names).items():
                opener = requests[name]() if name in requests else bare()
                taken, statuses[name] = _start(source, settings, opener)
                if number:  # the first round loads the files into memory
                    seconds.setdefault(name, []).append(taken * 1000)
    return [_row(seconds, statuses)]


def _sources(names: list[str] | tuple[str, ...]) -> dict[str, Path]:
    floors = {_START: fixtures.FLOOR_START, _HANDLER: fixtures.FLOOR_HANDLER}
    return {**floors, **{name: fixtures.source_of(name) for name in names}}


def _start(source: Path, settings: Mapping[str, str], opener: Opener) -> tuple[float, int]:
    served = Served(source, settings)
    try:
        return served.first_answer(*opener)
    finally:
        served.stop()


def _row(seconds: dict[str, list[float]], statuses: dict[str, int]) -> Row:
    series = {name: Series(name, "ms", values) for name, values in seconds.items()}
    floor, handler = series[_START].median, series[_HANDLER].median
    ours = {name: one.median for name, one in series.items() if name not in {_START, _HANDLER}}
    worst = max(ours, key=lambda name: ours[name])
    within = sum(value <= _AIM * floor for value in ours.values())
    table = [["function", "its first answer", "of the bare start", "of the bare handler"]]
    table += [
        [
            name,
            str(statuses[name]),
            f"{fmt(value / floor)} x",
            f"{fmt(value / handler)} x",
        ]
        for name, value in ours.items()
    ]
    note = f"The bare handler, with psycopg, pydantic and jwt, is at {fmt(handler / floor)} x."
    typical = statistics.median(ours.values()) / floor
    return Row(
        key="7",
        title="a function's cold start",
        how=(
            f"{len(series[_START].values)} rounds after one that brings the files into memory. "
            "From the process's start to the whole first answer, on a connection tried each "
            "5 ms. The bare start is a functions-framework handler that answers at once; the bare "
            "handler that of row 1, with its first INSERT. Each function is asked what its own "
            "callers ask, so that it opens its database and answers; the statuses are below."
        ),
        aim=f"each at most {_AIM} x the bare start",
        seen=(
            f"{within} of {len(ours)} within; typically {fmt(typical)} x, "
            f"most {fmt(ours[worst] / floor)} x ({worst})"
        ),
        holds=within == len(ours),
        series=list(series.values()),
        aim_at=_AIM * floor,
        table=table,
        notes=[note],
    )
