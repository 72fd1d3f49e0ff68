"""From a subject to the frames of its clip; the same subject gives the same pixels."""

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
"""(frames, height, width, 3)"""


@cache
def film(subject: Moving, width: int = OWN_SIDE, height: int = OWN_SIDE) -> Frames:
    """Draw the frames of a subject's clip."""
    return np.stack([frame(subject, number, width, height) for number in range(FRAMES)])


def frame(subject: Moving, number: int, width: int = OWN_SIDE, height: int = OWN_SIDE) -> Frames:
    """Draw one of them, in (height, width, 3)."""
    canvas, moment = Canvas(width, height), number / (FRAMES - 1)
    if isinstance(subject, MovingShape):
        shapes.draw(canvas, subject, moment)
    else:
        scenes.draw(canvas, subject, moment)
    return np.asarray(canvas.image())
