"""Measuring a row, from where its record stands: round by round, both sides in turn."""

import time
from pathlib import Path
from typing import Any, NamedTuple

from gpu_workers.benchmarks import hardware_limits
from gpu_workers.benchmarks.results_file import Record, machine
from gpu_workers.benchmarks.types import PLAIN, WORKER, Bench, Benchmark, Prepared, Variant


class RunOptions(NamedTuple):
    """How long it goes on."""

    rounds: int
    until: float
    """By the monotonic clock: no round is begun that would end later than this."""


def measure(row: Benchmark, bench: Bench, folder: Path, course: RunOptions) -> dict[str, Any]:
    """The row's record, with as many rounds as there was time for; nothing where it is whole."""
    file = folder / f"row-{row.name}-{'toy' if bench.toy else 'true'}.json"
    record = Record(file, {"machine": machine(), "settings": dict(row.settings())})
    if _taken(record) < course.rounds:
        prepared = row.prepare(bench)
        for name in (PLAIN, WORKER):
            prepared.sides[name].run()  # compiles and chooses kernels: it does not count
        measured = hardware_limits.measured(toy=bench.toy)._asdict()
        record.tell(ceilings=measured, **_facts(row, prepared, toy=bench.toy))
        _rounds(record, prepared, course)
    return record.content


def _rounds(record: Record, prepared: Prepared, course: RunOptions) -> None:
    longest = 0.0
    while _taken(record) < course.rounds:
        start = time.monotonic()
        if _taken(record) and start + longest > course.until:
            return
        # Whoever goes second finds a warmer device: they take turns.
        order = (PLAIN, WORKER) if _taken(record) % 2 == 0 else (WORKER, PLAIN)
        taken = {name: prepared.sides[name].run() for name in order}
        for name, seconds in taken.items():
            record.samples(name).append(seconds)
        record.tell()
        longest = max(longest, time.monotonic() - start)


def _taken(record: Record) -> int:
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
