"""Dataset of rendered clips, cached in a file: drawing takes longer than training on them."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch

from gpu_workers.training.demo_video.render import film
from gpu_workers.training.demo_video.subjects import Moving, taught

SIZES = ((96, 96), (128, 64), (64, 128))
"""Width and height in pixels: square, wide and tall."""

COUNTS = (2600, 260, 140)
"""The number of clips of each size."""
_FILE = "clips-footage.pt"
_SEED = 12

Shelf = tuple[list[Moving], torch.Tensor]
"""Subjects, and the clip or latents of each."""


def footage(folder: Path, counts: Sequence[int] = COUNTS) -> list[Shelf]:
    """Return, for each size, subjects and their clips; draw and cache the clips if needed.

    Args:
        folder: the folder of the cache file.
        counts: the number of clips of each size.

    Returns:
        Per size the subjects and bytes of shape (n, frames, height, width, 3).
    """
    file = folder / _FILE
    random = Random(_SEED)
    subjects = [[taught(random) for _ in range(count)] for count in counts]
    if not file.exists():
        drawn = [_drawn(group, size) for group, size in zip(subjects, SIZES, strict=True)]
        torch.save(drawn, file)
    clips: list[torch.Tensor] = torch.load(file, weights_only=True, mmap=True)
    return list(zip(subjects, clips, strict=True))


def as_floats(clips: torch.Tensor) -> torch.Tensor:
    """Convert bytes to the networks' input: -1 to 1, shape (n, 3, frames, height, width)."""
    return clips.permute(0, 4, 1, 2, 3).float().div(127.5).sub(1).contiguous()


def _drawn(subjects: list[Moving], size: tuple[int, int]) -> torch.Tensor:
    return torch.from_numpy(np.stack([film(subject, *size) for subject in subjects]))
