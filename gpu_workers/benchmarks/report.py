"""What a row's record says, as a line of the table, and what is wrong with it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gpu_workers.benchmarks.timer import Spread, spread
from gpu_workers.benchmarks.types import PLAIN, WORKER

HEAD = (
    "| row | what | plain | worker | times as fast | aim | worker's TFLOP/s | of the GEMM | of the"
    " copy | cosine | besides |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


class Figures(NamedTuple):
    """What follows from a record."""

    plain: Spread
    worker: Spread
    """Seconds a unit, both."""
    ratio: float
    tflops: float
    gemm_share: float
    copy_share: float


def figures(content: Mapping[str, Any]) -> Figures:
    """Of a row that has samples of both sides."""
    sides = content["sides"]
    plain, worker = (
        spread([taken / sides[name]["units"] for taken in content["samples"][name]])
        for name in (PLAIN, WORKER)
    )
    seconds = worker.median * sides[WORKER]["units"]
    tflops = sides[WORKER]["flops"] / seconds / 1e12
    gigabytes = sides[WORKER]["moved_bytes"] / seconds / 1e9
    ceilings = content["ceilings"]
    return Figures(
        plain,
        worker,
        plain.median / worker.median,
        tflops,
        tflops / ceilings["gemm_tflops"],
        gigabytes / ceilings["copy_gigabytes"],
    )


def faults(content: Mapping[str, Any]) -> list[str]:
    """What makes its figures worthless; a row that falls short of its aim has no fault."""
    found = [
        f"{name} has {content['parameters'].get(name):,} parameters, not {expected:,}"
        for name, expected in content["expected"].items()
        if content["parameters"].get(name) != expected
    ]
    alike = content["cosine"]
    if alike is not None and not alike >= content["min_cosine"]:
        found.append(f"the outputs differ: cosine {alike:.5f}, at least {content['min_cosine']}")
    result = figures(content)
    if max(result.gemm_share, result.copy_share) > 1:
        found.append("faster than the device can be: the clock or the count is wrong")
    return found


def line(content: Mapping[str, Any]) -> str:
    """The row."""
    result, unit = figures(content), content["unit"]
    alike = content["cosine"]
    cells = [
        content["row"],
        content["what"],
        f"{content['labels'][0]}: {_time(result.plain)} a {unit}",
        f"{content['labels'][1]}: {_time(result.worker)} a {unit}",
        f"{result.ratio:.2f}",
        f"{content['aim']:g}",
        f"{result.tflops:.3g}" if result.tflops else "-",
        f"{result.gemm_share:.1%}" if result.tflops else "-",
        f"{result.copy_share:.1%}" if result.copy_share else "-",
        "-" if alike is None else f"{alike:.5f}",
        ", ".join(f"{name} {one:.4g}" for name, one in content["more"].items()) or "-",
    ]
    return "| " + " | ".join(cells) + " |"


def _time(one: Spread) -> str:
    of = f"{one.samples} runs"
    return f"{_written(one.median)} ({_written(one.least)} to {_written(one.most)}, {of})"


def _written(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
