"""Results table: one line per benchmark, and checks of the figures."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gpu_workers.benchmarks.timer import Spread, spread
from gpu_workers.benchmarks.types import PLAIN, WORKER

HEAD = (
    "| row | what | plain | worker | times as fast | aim | worker's TFLOP/s | of the GEMM | of the"
    " copy | cosine | besides |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


class Figures(NamedTuple):
    """Figures computed from a record."""

    plain: Spread
    """Seconds per unit of the plain side."""
    worker: Spread
    """Seconds per unit of the worker."""
    ratio: float
    """How many times as fast the worker is."""
    tflops: float
    gemm_share: float
    copy_share: float


def figures(content: Mapping[str, Any]) -> Figures:
    """Compute the figures of a record with samples of both sides."""
    sides = content["sides"]
    plain, worker = (
        spread([sample / sides[name]["units"] for sample in content["samples"][name]])
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
    """Return what makes a record's figures invalid; a missed target is no fault."""
    messages = [
        f"{name} has {content['parameters'].get(name):,} parameters, not {expected:,}"
        for name, expected in content["expected"].items()
        if content["parameters"].get(name) != expected
    ]
    cosine = content["cosine"]
    if cosine is not None and not cosine >= content["min_cosine"]:
        messages.append(
            f"the outputs differ: cosine {cosine:.5f}, at least {content['min_cosine']}"
        )
    result = figures(content)
    if max(result.gemm_share, result.copy_share) > 1:
        messages.append("faster than the device can be: the clock or the count is wrong")
    return messages


def line(content: Mapping[str, Any]) -> str:
    """Return a record's line of the table."""
    result, unit = figures(content), content["unit"]
    cosine = content["cosine"]
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
        "-" if cosine is None else f"{cosine:.5f}",
        ", ".join(f"{name} {value:.4g}" for name, value in content["more"].items()) or "-",
    ]
    return "| " + " | ".join(cells) + " |"


def _time(times: Spread) -> str:
    bounds = f"{_format_seconds(times.least)} to {_format_seconds(times.most)}"
    return f"{_format_seconds(times.median)} ({bounds}, {times.samples} runs)"


def _format_seconds(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
