"""Direction of motion in a clip, measured in the pixels without a model."""

import numpy as np
from numpy.typing import NDArray

from gpu_workers.training.demo_video.render import Frames

Floats = NDArray[np.float32]

_STILL = 6.0
"""A pixel that changes by less than this (0 to 255) from frame to frame does not move."""

_MIN_MOVING = 0.004
"""The minimum part of changing pixels in a clip with motion."""


def direction(frames: Frames) -> str | None:
    """Return the direction of most motion (right, left, up, down); None without motion.

    A picture that moves to the right gets darker where it is brighter on the right: change and
    slope have opposite signs. The sum of their products over a clip gives the direction.
    """
    grey = _grey(frames)
    changes = np.diff(grey, axis=0)
    between = (grey[1:] + grey[:-1]) / 2
    moving = np.abs(changes) > _STILL
    if moving.mean() < _MIN_MOVING:
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
    """Return the brightness at half the size, so that nothing moves by more than two pixels."""
    count, height, width, _ = frames.shape
    halves = frames.mean(axis=3).reshape(count, height // 2, 2, width // 2, 2)
    grey: Floats = halves.mean(axis=(2, 4)).astype(np.float32)
    return grey
