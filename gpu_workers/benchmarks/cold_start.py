"""Cold-start subprocess: load SDXL and draw one picture; row 14 times it from outside.

Usage: ``python -m gpu_workers.benchmarks.cold_start plain|worker FOLDER``
"""

import sys
from pathlib import Path

import torch

from gpu_workers.benchmarks import bench_sdxl
from gpu_workers.benchmarks.types import PLAIN
from gpu_workers.runtime.settings import load_settings
from gpu_workers.sdxl import prompt_parser
from gpu_workers.sdxl.image_request import ImageRequest
from gpu_workers.sdxl.model import Model
from gpu_workers.sdxl.settings import SdxlSettings


def plainly(folder: Path) -> None:
    """Load with from_pretrained, compile the full UNet without caches, draw one step."""
    torch._inductor.config.force_disable_caches = True  # noqa: SLF001 - there is no public name
    pipe = bench_sdxl.plain_pipeline(folder)
    if torch.cuda.is_available():
        pipe.unet = torch.compile(pipe.unet)
    side = pipe.unet.config.sample_size * pipe.vae_scale_factor
    bench_sdxl.drawn_plainly(pipe, 1, (side, side))


def by_the_worker(folder: Path) -> None:
    """Load as the worker does, with the cache of earlier compilations, and draw one step."""
    settings = load_settings(SdxlSettings).model_copy(update={"sdxl_model": str(folder)})
    worker = Model(settings)
    words, size = prompt_parser.read("a red star on blue"), (worker.native_side, worker.native_side)
    request = ImageRequest(words, words, steps=1, guidance=7.5, seed=7, size=size)
    worker.generate([request], lambda _step, _steps: None, lambda _: None)


if __name__ == "__main__":
    (plainly if sys.argv[1] == PLAIN else by_the_worker)(Path(sys.argv[2]))
