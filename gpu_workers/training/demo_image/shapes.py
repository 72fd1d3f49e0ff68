"""Rendering of single shapes on plain backgrounds."""

from math import cos, pi, sin
from random import Random

from gpu_workers.training.demo_image.canvas import Array, Canvas, Point, rays, turned
from gpu_workers.training.demo_image.subjects import COLOURS, Colour, Shape

_RADII = {"small": 0.15, "medium": 0.21, "big": 0.27}
_PLACES = {
    "left": (-1, 0),
    "right": (1, 0),
    "top": (0, -1),
    "bottom": (0, 1),
    "middle": (0, 0),
}
_TURN = 0.08
"""The maximum random rotation to either side, in radians."""

_OUTLINES: dict[str, list[Point]] = {
    "square": [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)],
    "triangle": [(0, -0.95), (0.98, 0.75), (-0.98, 0.75)],
    "diamond": [(0, -1.1), (0.72, 0), (0, 1.1), (-0.72, 0)],
    "star": rays(5, 0.45),
    "cross": [
        (-0.3, -0.95), (0.3, -0.95), (0.3, -0.3), (0.95, -0.3), (0.95, 0.3), (0.3, 0.3),
        (0.3, 0.95), (-0.3, 0.95), (-0.3, 0.3), (-0.95, 0.3), (-0.95, -0.3), (-0.3, -0.3),
    ],
}  # fmt: skip


def draw(canvas: Canvas, subject: Shape) -> None:
    """Draw the shape at its position, with a soft shadow below it."""
    random = Random(subject.variation)
    background, colour = COLOURS[subject.background], COLOURS[subject.colour]
    canvas.paint(1, canvas.gradient(_lit(background, 1.05), _lit(background, 0.95)))
    radius, x, y = _place(canvas, subject, random)
    mask = _mask(canvas, subject.shape, x, y, radius, random.uniform(-_TURN, _TURN))
    canvas.paint(canvas.shadow(mask, 0.035, 0.03), (0, 0, 0), 0.28)
    light, shade = _lit(colour, 1.07), _lit(colour, 0.93)
    canvas.paint(mask, canvas.gradient(light, shade, top=y - radius, bottom=y + radius))


def _place(canvas: Canvas, subject: Shape, random: Random) -> tuple[float, float, float]:
    unit = min(canvas.aspect, 1)
    radius = _RADII[subject.scale] * unit * random.uniform(0.95, 1.05)
    across, down = _PLACES[subject.place]
    x = canvas.aspect / 2 + across * (canvas.aspect / 2 - max(radius * 1.15, 0.2 * unit))
    y = 0.5 + down * (0.5 - max(radius * 1.15, 0.2 * unit))
    return radius, x + random.uniform(-0.02, 0.02), y + random.uniform(-0.02, 0.02)


def _mask(canvas: Canvas, shape: str, x: float, y: float, radius: float, angle: float) -> Array:
    if shape == "circle":
        return canvas.ellipse(x, y, radius * 0.92)
    if shape == "ring":
        hole = canvas.ellipse(x, y, radius * 0.55)
        ring: Array = canvas.ellipse(x, y, radius) * (1 - hole)
        return ring
    outline = _heart() if shape == "heart" else _OUTLINES[shape]
    return canvas.polygon(turned(outline, x, y, radius, angle))


def _heart() -> list[Point]:
    turns = [2 * pi * step / 48 for step in range(48)]
    return [
        (
            sin(turn) ** 3,
            -(13 * cos(turn) - 5 * cos(2 * turn) - 2 * cos(3 * turn) - cos(4 * turn)) / 16,
        )
        for turn in turns
    ]


def _lit(colour: Colour, light: float) -> Colour:
    red, green, blue = (min(round(part * light), 255) for part in colour)
    return red, green, blue
