"""Clips drawn by the hundred, once, and kept: drawing takes longer than learning from it."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch

from gpu_workers.training.demo_video.render import film
from gpu_workers.training.demo_video.subjects import Moving, taught

SIZES = ((96, 96), (128, 64), (64, 128))
"""Width and height: square, wide and tall."""

COUNTS = (2600, 260, 140)
_FILE = "clips-footage.pt"
_SEED = 12

Shelf = tuple[list[Moving], torch.Tensor]
"""Subjects, and what was made of each."""


def footage(folder: Path, counts: Sequence[int] = COUNTS) -> list[Shelf]:
    """For each size, subjects and their clips as bytes in (n, frames, height, width, 3)."""
    file = folder / _FILE
    random = Random(_SEED)
    subjects = [[taught(random) for _ in range(count)] for count in counts]
    if not file.exists():
        made = [_drawn(some, size) for some, size in zip(subjects, SIZES, strict=True)]
        torch.save(made, file)
    kept: list[torch.Tensor] = torch.load(file, weights_only=True, mmap=True)
    return list(zip(subjects, kept, strict=True))


def as_floats(clips: torch.Tensor) -> torch.Tensor:
    """Bytes as the numbers from -1 to 1 in (n, 3, frames, height, width) that networks take."""
    return clips.permute(0, 4, 1, 2, 3).float().div(127.5).sub(1).contiguous()


def _drawn(subjects: list[Moving], size: tuple[int, int]) -> torch.Tensor:
    return torch.from_numpy(np.stack([film(subject, *size) for subject in subjects]))
