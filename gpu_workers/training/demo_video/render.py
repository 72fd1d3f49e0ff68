"""Render a subject to the frames of a clip; the same subject gives the same pixels."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from gpu_workers.training.demo_image.canvas import Canvas
from gpu_workers.training.demo_video import scenes, shapes
from gpu_workers.training.demo_video.subjects import Moving, MovingShape

FRAMES = 17
FPS = 8
OWN_SIDE = 96

Frames = NDArray[np.uint8]
"""RGB of shape (frames, height, width, 3), 0 to 255."""


@cache
def film(subject: Moving, width: int = OWN_SIDE, height: int = OWN_SIDE) -> Frames:
    """Draw all frames of a subject's clip, in a size in pixels."""
    return np.stack([frame(subject, number, width, height) for number in range(FRAMES)])


def frame(subject: Moving, number: int, width: int = OWN_SIDE, height: int = OWN_SIDE) -> Frames:
    """Draw one frame, by its number from 0, as an array of shape (height, width, 3)."""
    canvas, moment = Canvas(width, height), number / (FRAMES - 1)
    if isinstance(subject, MovingShape):
        shapes.draw(canvas, subject, moment)
    else:
        scenes.draw(canvas, subject, moment)
    return np.asarray(canvas.image())
