"""Run GPU benchmarks: choose rows, model size and duration, print a table."""

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
    """Run the benchmarks and print the table.

    Returns:
        The exit code: 1 if the figures of a row are invalid, else 0.
    """
    options = _parser().parse_args(arguments)
    toy = options.size == "toy"
    if not toy and not torch.cuda.is_available():
        sys.exit("There is no GPU here. At toy size (--size toy) the command runs on a CPU.")
    bench = Bench(options.models or options.folder / "models", toy)
    run_options = RunOptions(options.rounds, time.monotonic() + options.seconds)
    lines, faulty = [report.HEAD], []
    for index, name in enumerate(options.rows):
        content = measure(ROWS[name], bench, options.folder, run_options)
        lines.append(report.line(content))
        faulty += [f"row {name}: {fault}" for fault in report.faults(content)]
        later = {ROWS[other].model for other in options.rows[index + 1 :]}
        _clean_up(bench, ROWS[name].model, keep=options.keep_models or ROWS[name].model in later)
    sys.stdout.write("\n".join([_heading(content), *lines, *faulty]) + "\n")
    return 1 if faulty else 0


def _heading(content: dict[str, object]) -> str:
    """Return the machine, the settings and the peak rates as JSON lines."""
    lines = [json.dumps(content[name]) for name in ("key", "ceilings")]
    return "\n".join([*lines, ""])


def _clean_up(bench: Bench, model: str, *, keep: bool) -> None:
    """Free the device's memory, and the disk: few disks hold all full-size models together."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if not keep:
        shutil.rmtree(bench.models / NAME.format(model), ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gpu_workers.benchmarks", description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    parser.add_argument("--size", choices=("true", "toy"), default="true")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="the folder of the JSON files")
    parser.add_argument(
        "--models", type=Path, help="the folder of the models; default: models/ in --folder"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of both sides")
    parser.add_argument(
        "--seconds", type=float, default=480, help="no round starts that would end later"
    )
    parser.add_argument(
        "--keep-models", action="store_true", help="keep the models for the next run"
    )
    return parser
