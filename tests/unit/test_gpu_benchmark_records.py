"""Benchmark records: they resume where they stopped, and report figures that are not valid."""

from pathlib import Path
from typing import Any

import pytest

from gpu_workers.benchmarks import report
from gpu_workers.benchmarks.runner import RunOptions, measure
from gpu_workers.benchmarks.types import PLAIN, WORKER, Bench, Benchmark, Prepared, Variant

IN_TIME = 1e12


def row(seconds: float = 0.001, name: str = "x", calls: list[str] | None = None) -> Benchmark:
    """Return a benchmark that needs no model; ``calls`` receives its name at each preparation."""

    def prepare(_: Bench) -> Prepared:
        if calls is not None:
            calls.append(name)
        return Prepared({side: Variant(lambda: seconds, 1) for side in (PLAIN, WORKER)})

    return Benchmark(name, "nothing", "run", ("one", "other"), 1, 0.999, "none", dict, prepare)


def taken(one: Benchmark, folder: Path, *, rounds: int, until: float = IN_TIME) -> int:
    record = measure(one, Bench(folder, toy=True), folder, RunOptions(rounds, until))
    return len(record["samples"][WORKER])


def test_a_row_goes_on_where_it_was_left_and_is_not_measured_twice(tmp_path: Path) -> None:
    calls: list[str] = []
    one = row(calls=calls)
    assert taken(one, tmp_path, rounds=5, until=0) == 1, "no time for another"
    assert taken(one, tmp_path, rounds=5) == 5
    assert taken(one, tmp_path, rounds=5) == 5
    assert len(calls) == 2, "what is whole is not loaded again"


def test_with_other_settings_a_row_is_measured_again(tmp_path: Path) -> None:
    assert taken(row(), tmp_path, rounds=5) == 5
    changed = row()._replace(settings=lambda: {"fp8": True})
    assert taken(changed, tmp_path, rounds=1) == 1


def record_with(**changed: object) -> dict[str, Any]:
    """Return a valid record, with the given fields changed."""
    side = {"units": 2, "flops": 8e11, "moved_bytes": 0}
    return {
        "sides": {PLAIN: side, WORKER: side},
        "samples": {PLAIN: [2.0, 4.0, 6.0], WORKER: [1.0, 1.0, 2.0]},
        "ceilings": {"gemm_tflops": 1.0, "sdpa_tflops": 1.0, "copy_gigabytes": 1.0},
        "cosine": 0.9995,
        "min_cosine": 0.999,
        "parameters": {"UNet": 5},
        "expected": {"UNet": 5},
        **changed,
    }


def test_figures_are_medians_by_the_unit() -> None:
    figures = report.figures(record_with())
    assert (figures.plain.median, figures.plain.least, figures.plain.most) == (2, 1, 3)
    assert (figures.ratio, figures.tflops, figures.gemm_share) == (4, 0.8, 0.8)
    assert report.faults(record_with()) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"cosine": 0.99}, "outputs differ"),
        ({"cosine": float("nan")}, "outputs differ"),
        ({"parameters": {"UNet": 4}}, "4 parameters, not 5"),
        ({"ceilings": {"gemm_tflops": 0.7, "copy_gigabytes": 1.0}}, "faster than the device"),
    ],
)
def test_worthless_figures_are_reported(changed: dict[str, Any], words: str) -> None:
    (fault,) = report.faults(record_with(**changed))
    assert words in fault
