"""Run the rounds of a benchmark, both sides in turn, continuing from its record."""

import time
from pathlib import Path
from typing import Any, NamedTuple

from gpu_workers.benchmarks import hardware_limits
from gpu_workers.benchmarks.results_file import Record, machine
from gpu_workers.benchmarks.types import PLAIN, WORKER, Bench, Benchmark, Prepared, Variant


class RunOptions(NamedTuple):
    """How long a benchmark runs."""

    rounds: int
    """Rounds of both sides, including those of earlier runs."""
    until: float
    """The deadline on the monotonic clock: no round starts that would end later."""


def measure(row: Benchmark, bench: Bench, folder: Path, course: RunOptions) -> dict[str, Any]:
    """Run a benchmark until its rounds are complete or the time is up; return its record.

    Args:
        row: the benchmark.
        bench: the folder and the size of the models.
        folder: the folder of the records.
        course: the number of rounds and the deadline.
    """
    file = folder / f"row-{row.name}-{'toy' if bench.toy else 'true'}.json"
    record = Record(file, {"machine": machine(), "settings": dict(row.settings())})
    if _completed_rounds(record) < course.rounds:
        prepared = row.prepare(bench)
        for name in (PLAIN, WORKER):
            prepared.sides[name].run()  # compiles and chooses kernels: it does not count
        measured = hardware_limits.measured(toy=bench.toy)._asdict()
        record.tell(ceilings=measured, **_facts(row, prepared, toy=bench.toy))
        _rounds(record, prepared, course)
    return record.content


def _rounds(record: Record, prepared: Prepared, course: RunOptions) -> None:
    longest = 0.0
    while _completed_rounds(record) < course.rounds:
        start = time.monotonic()
        if _completed_rounds(record) and start + longest > course.until:
            return
        # The second side runs on a warmer device, so the order alternates.
        order = (PLAIN, WORKER) if _completed_rounds(record) % 2 == 0 else (WORKER, PLAIN)
        samples = {name: prepared.sides[name].run() for name in order}
        for name, seconds in samples.items():
            record.samples(name).append(seconds)
        record.tell()
        longest = max(longest, time.monotonic() - start)


def _completed_rounds(record: Record) -> int:
    return min(len(record.samples(name)) for name in (PLAIN, WORKER))


def _facts(row: Benchmark, prepared: Prepared, *, toy: bool) -> dict[str, Any]:
    return {
        "row": row.name,
        "what": f"TOY, not {row.what}" if toy else row.what,
        "unit": row.unit,
        "labels": row.labels,
        "aim": row.aim,
        "min_cosine": row.min_cosine,
        "sides": {name: _variant_fields(side) for name, side in prepared.sides.items()},
        "cosine": prepared.cosine,
        "parameters": prepared.parameters,
        "expected": prepared.expected,
        "more": prepared.more,
    }


def _variant_fields(side: Variant) -> dict[str, float]:
    return {"units": side.units, "flops": side.flops, "moved_bytes": side.moved_bytes}
