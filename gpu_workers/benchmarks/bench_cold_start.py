"""Cold-start benchmark (row 14): from the start of a new process to its first picture."""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from gpu_workers.benchmarks import bench_sdxl, model_builder
from gpu_workers.benchmarks.types import PLAIN, WORKER, Bench, Benchmark, Prepared, Variant


def _prepare(bench: Bench) -> Prepared:
    folder = model_builder.sdxl(bench)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return Prepared(
        {name: Variant(partial(_seconds, name, folder), 1) for name in (PLAIN, WORKER)},
        more={"gigabytes": size / 1e9},
    )


def _seconds(side: str, folder: Path) -> float:
    start = time.perf_counter()
    program = [sys.executable, "-m", "gpu_workers.benchmarks.cold_start", side, str(folder)]
    subprocess.run(program, check=True)  # noqa: S603 - a module of ours
    return time.perf_counter() - start


ROWS = [
    Benchmark("14", "SDXL, from a process's start to its first picture", "start",
        ("from_pretrained, full compile", "worker, compile cache kept"),
        3, 0.999, "sdxl", bench_sdxl.settings_used, _prepare),
]  # fmt: skip
