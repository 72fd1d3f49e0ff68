"""``make bench``: measure the control plane beside its baselines, into docs/reports/performance.md.

python -m tests.performance.bench [--quick] [--rows 1,2,waterfall] [--out docs/reports]
"""

import argparse
import dataclasses
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from tests.performance.bench import (
    backlogs,
    cold_start,
    drain,
    environment_info,
    event_streams,
    latency,
    report,
    service_times,
    statements,
    throughput,
    tracing,
)
from tests.performance.bench.figures import Row
from tests.performance.bench.scale import Scale
from tests.support.local_system import ROOT

_PARTS: dict[str, Callable[[Scale], Awaitable[list[Row]]]] = {
    "1": throughput.measure,
    "2": latency.measure,
    "4": drain.measure,
    "5": statements.measure,
    "6": backlogs.measure,
    "7": cold_start.measure,
    "8": event_streams.measure,
    "waterfall": tracing.measure,
    "scale": service_times.measure,
}
_TOGETHER = {"3": "2"}
"""Rows that are measured together with another."""


def main() -> None:
    """Measure the selected rows, and write the report after each part, so that none is lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="two minutes instead of a quarter hour"
    )
    parser.add_argument("--rows", help="such as 1,2,waterfall; all by default")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs/reports", help="the folder of the page"
    )
    arguments = parser.parse_args()
    scale = Scale(arguments.quick)
    for key in _selected_parts(parser, arguments.rows):
        began = time.monotonic()
        rows = [_dated(row, scale) for row in uvloop.run(_measured(key, scale))]
        report.write(arguments.out, rows)
        for row in rows:
            _say(f"{row.key}. {row.title}: {row.seen} (aim: {row.aim or 'none'})")
        _say(f"   {time.monotonic() - began:.0f} s")
    _say(f"written: {arguments.out / 'performance.md'}")


async def _measured(key: str, scale: Scale) -> list[Row]:
    return await _PARTS[key](scale)


def _selected_parts(parser: argparse.ArgumentParser, rows: str | None) -> list[str]:
    selected = rows.split(",") if rows else list(_PARTS)
    keys = dict.fromkeys(_TOGETHER.get(one, one) for one in selected)
    if unknown := keys.keys() - _PARTS.keys():
        parser.error(f"there is no row {', '.join(unknown)}")
    return list(keys)


def _dated(row: Row, scale: Scale) -> Row:
    return dataclasses.replace(row, made={"run": scale.name, **environment_info.now()})


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
