"""Warm-up: draw each size once, so that no job waits for its blocks to be compiled."""

from collections.abc import Callable
from typing import get_args

from PIL import Image

from gpu_workers.sdxl import prompt_parser
from gpu_workers.sdxl.image_request import ImageRequest
from gpu_workers.sdxl.model import Model
from gpu_workers.sdxl.resolutions import resolution
from shared.contracts.worker_protocol import AspectRatio


def warm_up(model: Model) -> None:
    """Draw each size alone and in a full batch."""
    for ratio in get_args(AspectRatio):
        size = resolution(ratio, own_side=model.native_size)
        empty = prompt_parser.read("")
        request = ImageRequest(empty, empty, steps=1, guidance=2.0, seed=0, size=size)
        for pictures in {1, model.max_batch}:
            model.generate([request] * pictures, _ignore_step, _no_preview)


def _ignore_step(_step: int, _steps: int) -> None:
    pass


def _no_preview(_: Callable[[int], Image.Image]) -> None:
    pass
