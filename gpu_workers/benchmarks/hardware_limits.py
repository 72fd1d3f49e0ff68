"""Peak rates of the device, measured in the same run: matrix products, attention, copies."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn import functional

from gpu_workers.benchmarks.timer import device, spread, timed

_TIMES = 7


class Ceilings(NamedTuple):
    """Measured medians, not datasheet values."""

    gemm_tflops: float
    """A product of square matrices, in the workers' precision."""
    sdpa_tflops: float
    """Scaled dot-product attention, in the workers' precision."""
    copy_gigabytes: float
    """Gigabytes per second, reads and writes counted both."""


class _Shapes(NamedTuple):
    side: int
    sequence: int
    heads: int
    width: int
    copied_bytes: int


_FULL = _Shapes(side=8192, sequence=16384, heads=24, width=128, copied_bytes=2**31)
_TOY = _Shapes(side=256, sequence=128, heads=2, width=32, copied_bytes=2**22)


def measured(*, toy: bool) -> Ceilings:
    """Measure each rate: the median of seven runs after a warm-up.

    Args:
        toy: whether to use tiny shapes, for a machine without a GPU.
    """
    shapes = _TOY if toy else _FULL
    dtype = torch.bfloat16 if device() == "cuda" else torch.float32
    return Ceilings(_gemm(shapes, dtype), _sdpa(shapes, dtype), _copy(shapes))


def _gemm(shapes: _Shapes, dtype: torch.dtype) -> float:
    left, right = (
        torch.randn(shapes.side, shapes.side, device=device(), dtype=dtype) for _ in range(2)
    )
    return 2 * shapes.side**3 / _seconds(lambda: left @ right) / 1e12


def _sdpa(shapes: _Shapes, dtype: torch.dtype) -> float:
    size = (1, shapes.heads, shapes.sequence, shapes.width)
    query, key, value = (torch.randn(size, device=device(), dtype=dtype) for _ in range(3))
    flops = 4 * shapes.heads * shapes.sequence**2 * shapes.width
    seconds = _seconds(lambda: functional.scaled_dot_product_attention(query, key, value))
    return flops / seconds / 1e12


def _copy(shapes: _Shapes) -> float:
    source = torch.ones(shapes.copied_bytes, dtype=torch.uint8, device=device())
    target = torch.empty_like(source)
    return 2 * shapes.copied_bytes / _seconds(lambda: target.copy_(source)) / 1e9


def _seconds(work: Callable[[], object]) -> float:
    measure = timed(work)
    measure()
    return spread([measure() for _ in range(_TIMES)]).median
