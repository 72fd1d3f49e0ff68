"""What can be read off a clip without any model: which way something moves in it."""

import numpy as np
from numpy.typing import NDArray

from gpu_workers.training.demo_video.render import Frames

Floats = NDArray[np.float32]

_STILL = 6.0
"""Of 255: a pixel that changes less from frame to frame stays as it is."""

_LEAST = 0.004
"""Of all pixels, those that change in a clip that moves."""


def direction(frames: Frames) -> str | None:
    """Where most of what moves goes; None where nothing does.

    A picture that goes to the right grows darker wherever it was brighter on the right: change
    and slope have opposite signs. The sums of their products over a clip tell the way.
    """
    grey = _grey(frames)
    changes = np.diff(grey, axis=0)
    between = (grey[1:] + grey[:-1]) / 2
    moving = np.abs(changes) > _STILL
    if moving.mean() < _LEAST:
        return None
    down: Floats = np.asarray(np.gradient(between, axis=1), np.float32)
    across: Floats = np.asarray(np.gradient(between, axis=2), np.float32)
    right, low = (_way(changes[moving], slopes[moving]) for slopes in (across, down))
    if abs(right) > abs(low):
        return "right" if right > 0 else "left"
    return "down" if low > 0 else "up"


def _way(changes: Floats, slopes: Floats) -> float:
    return -float((changes * slopes).sum() / max(float((slopes**2).sum()), 1))


def _grey(frames: Frames) -> Floats:
    """Brightness at half the size, where nothing moves by more than a pixel or two."""
    count, height, width, _ = frames.shape
    halves = frames.mean(axis=3).reshape(count, height // 2, 2, width // 2, 2)
    grey: Floats = halves.mean(axis=(2, 4)).astype(np.float32)
    return grey
