"""The command: which rows, at what size, for how long."""

import argparse
import gc
import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from gpu_workers.benchmarks import bench_chat, bench_cold_start, bench_sdxl, bench_wan, report
from gpu_workers.benchmarks.model_builder import NAME
from gpu_workers.benchmarks.runner import RunOptions, measure
from gpu_workers.benchmarks.types import Bench

ROWS = {
    row.name: row
    for row in (*bench_sdxl.ROWS, *bench_wan.ROWS, *bench_chat.ROWS, *bench_cold_start.ROWS)
}  # fmt: skip

_FOLDER = Path(__file__).resolve().parents[2] / ".local" / "benchmarks"


def main(arguments: Sequence[str]) -> int:
    """Measure and print the table; 1 where a row's figures are worth nothing."""
    options = _parser().parse_args(arguments)
    toy = options.size == "toy"
    if not toy and not torch.cuda.is_available():
        sys.exit("There is no GPU here. At toy size (--size toy) the command runs on a CPU.")
    bench = Bench(options.models or options.folder / "models", toy)
    course = RunOptions(options.rounds, time.monotonic() + options.seconds)
    lines, faulty = [report.HEAD], []
    for place, name in enumerate(options.rows):
        content = measure(ROWS[name], bench, options.folder, course)
        lines.append(report.line(content))
        faulty += [f"row {name}: {fault}" for fault in report.faults(content)]
        later = {ROWS[other].model for other in options.rows[place + 1 :]}
        _let_go(bench, ROWS[name].model, keep=options.keep_models or ROWS[name].model in later)
    sys.stdout.write("\n".join([_heading(content), *lines, *faulty]) + "\n")
    return 1 if faulty else 0


def _heading(content: dict[str, object]) -> str:
    """What all of it was measured on."""
    lines = [json.dumps(content[name]) for name in ("key", "ceilings")]
    return "\n".join([*lines, ""])


def _let_go(bench: Bench, model: str, *, keep: bool) -> None:
    """The device's memory, and the disk's: all true models together are larger than most."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if not keep:
        shutil.rmtree(bench.models / NAME.format(model), ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gpu_workers.benchmarks", description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    parser.add_argument("--size", choices=("true", "toy"), default="true")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="where the JSON is kept")
    parser.add_argument("--models", type=Path, help="where models are made; else below it")
    parser.add_argument("--rounds", type=int, default=5, help="of both sides; five at least")
    parser.add_argument("--seconds", type=float, default=480, help="then no round is begun")
    parser.add_argument("--keep-models", action="store_true", help="for the next call")
    return parser
