"""Rendering of shapes that move across a plain background."""

from math import cos, pi, sin

from gpu_workers.training.demo_image.canvas import Array, Canvas, Point, rays, turned
from gpu_workers.training.demo_image.subjects import COLOURS
from gpu_workers.training.demo_video.subjects import MovingShape

STEPS = {"right": (1, 0), "left": (-1, 0), "up": (0, -1), "down": (0, 1)}
"""The vector of each direction: right, and down."""

_RADIUS = 0.29
_WAY = 0.34
_OUTLINES: dict[str, list[Point]] = {
    "square": [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)],
    "triangle": [(0, -0.95), (0.98, 0.75), (-0.98, 0.75)],
    "star": rays(5, 0.45),
    "heart": [
        (
            sin(turn) ** 3,
            -(13 * cos(turn) - 5 * cos(2 * turn) - 2 * cos(3 * turn) - cos(4 * turn)) / 16,
        )
        for turn in (2 * pi * step / 48 for step in range(48))
    ],
}


def draw(canvas: Canvas, subject: MovingShape, moment: float) -> None:
    """Draw the shape at a moment of the clip, 0 to 1."""
    centre, unit = middle(subject, moment, canvas.aspect), min(canvas.aspect, 1)
    canvas.paint(1, COLOURS[subject.background])
    canvas.paint(_mask(canvas, subject.shape, *centre, _RADIUS * unit), COLOURS[subject.colour])


def middle(subject: MovingShape, moment: float, aspect: float) -> Point:
    """Return the position of the shape's centre, in heights of the clip."""
    across, down = STEPS[subject.motion]
    gone = (moment - 0.5) * _WAY * min(aspect, 1)
    return aspect / 2 + across * gone, 0.5 + down * gone


def _mask(canvas: Canvas, shape: str, x: float, y: float, radius: float) -> Array:
    if shape == "circle":
        return canvas.ellipse(x, y, radius * 0.92)
    return canvas.polygon(turned(_OUTLINES[shape], x, y, radius, 0))
