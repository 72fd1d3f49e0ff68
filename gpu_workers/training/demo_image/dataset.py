"""Dataset of rendered pictures, grouped by size, so that a batch has one size."""

from collections.abc import Callable, Iterator
from random import Random

import numpy as np
import torch

from gpu_workers.training.demo_image.render import draw
from gpu_workers.training.demo_image.subjects import Subject

SIZES = ((96, 96), (128, 72), (72, 128), (112, 80), (80, 112))
"""Width and height, in pixels, of each aspect ratio of a job."""

SHARES = (0.6, 0.16, 0.08, 0.08, 0.08)
"""The part of the pictures of each size."""


class Gallery:
    """Subjects and their pictures by size, as bytes of shape (n, 3, height, width).

    Args:
        subject: draws a random subject.
        count: the number of pictures.
        seed: the seed of the subjects.
    """

    def __init__(self, subject: Callable[[Random], Subject], count: int, seed: int) -> None:
        random = Random(seed)
        self.shelves: dict[tuple[int, int], tuple[list[Subject], torch.Tensor]] = {}
        for size, share in zip(SIZES, SHARES, strict=True):
            subjects = [subject(random) for _ in range(round(count * share))]
            self.shelves[size] = (subjects, pictures(subjects, size))

    def batches(self, batch: int, seed: int) -> Iterator[tuple[tuple[int, int], list[int]]]:
        """Yield random batches without end: a size, and indexes of pictures of that size."""
        random = Random(seed)
        while True:
            size = random.choices(SIZES, SHARES)[0]
            yield size, random.choices(range(len(self.shelves[size][0])), k=batch)


def pictures(subjects: list[Subject], size: tuple[int, int]) -> torch.Tensor:
    """Draw subjects; return bytes of shape (n, 3, height, width)."""
    drawn = np.stack([np.asarray(draw(subject, *size)) for subject in subjects])
    return torch.from_numpy(drawn).permute(0, 3, 1, 2).contiguous()


def as_floats(pixels: torch.Tensor) -> torch.Tensor:
    """Convert bytes to floats from -1 to 1, the range of the networks."""
    floats = pixels.float().div(127.5).sub(1)
    return floats.contiguous(memory_format=torch.channels_last)
