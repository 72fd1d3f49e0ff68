"""Animated landscapes: a boat sails, a balloon rises, a windmill turns, a cloud drifts."""

from functools import cache
from math import pi, sin

import numpy as np

from gpu_workers.training.demo_image import landscapes
from gpu_workers.training.demo_image.canvas import Array, Canvas, Point, turned
from gpu_workers.training.demo_image.objects import Light, draw_thing
from gpu_workers.training.demo_image.subjects import Colour, Scene
from gpu_workers.training.demo_video.shapes import STEPS
from gpu_workers.training.demo_video.subjects import MovingScene

_VARIATION = 5
"""The variation of all landscapes: one per hour, since a small model learns few things well."""

_LIGHTS = {
    "day": Light(1, 1, 1),
    "sunset": Light(0.82, 0.58, 0.58),
    "night": Light(0.34, 0.4, 0.62),
    "dawn": Light(1, 0.86, 0.88),
}
_CRESTS: dict[str, Colour] = {
    "day": (206, 232, 246),
    "sunset": (255, 206, 150),
    "night": (120, 140, 196),
    "dawn": (255, 230, 216),
}
_CLOUDS: dict[str, Colour] = {
    "day": (255, 255, 255),
    "sunset": (255, 190, 160),
    "night": (96, 108, 160),
    "dawn": (255, 240, 240),
}
_MILL_FOOT = 0.76
_MIDDLE = {"boat": 0.78, "balloon": 0.94, "cloud": 0.24, "windmill": _MILL_FOOT}
"""The height of a thing's foot, or of a cloud's centre, half-way through the clip."""

_HALF = {"boat": 0.15, "balloon": 0.5, "cloud": 0, "windmill": 0.25}
"""The approximate distance from there up to the thing's centre."""

_WAY = 0.3
_RISE = 0.3
_STONE: Colour = (214, 196, 170)
_ROOF: Colour = (110, 66, 40)
_SAIL: Colour = (250, 246, 238)
_TURN = pi * 3 / 8
"""A windmill's rotation in one clip, in radians: a quarter turn would look like none."""


def draw(canvas: Canvas, subject: MovingScene, moment: float) -> None:
    """Draw the landscape at a moment of the clip, 0 to 1."""
    canvas.paint(1, _backdrop(subject.hour, subject.ground, canvas.size))
    if subject.ground == "sea":
        _waves(canvas, subject.hour, moment)
    x, y = _place(subject, moment, canvas.aspect)
    if subject.thing == "windmill":
        _windmill(canvas, _LIGHTS[subject.hour], x, moment)
        return
    if subject.thing == "cloud":
        _cloud(canvas, subject.hour, x, y)
        return
    bobbed = 0.014 * sin(4 * pi * moment) if subject.thing == "boat" else 0
    thing = Scene(subject.hour, subject.ground, subject.thing, "middle", None, 0)
    draw_thing(canvas, thing, _LIGHTS[subject.hour], x, y + bobbed)


def middle(subject: MovingScene, moment: float, aspect: float) -> Point:
    """Return the position of the thing's centre, in heights of the clip."""
    x, y = _place(subject, moment, aspect)
    return x, y - _HALF[subject.thing]


def _place(subject: MovingScene, moment: float, aspect: float) -> Point:
    across, down = STEPS[subject.motion] if subject.motion else (0, 0)
    gone = moment - 0.5
    return aspect / 2 + across * gone * _WAY * aspect, _MIDDLE[subject.thing] + down * gone * _RISE


@cache
def _backdrop(hour: str, ground: str, size: tuple[int, int]) -> Array:
    """Return the part of a landscape that does not move."""
    canvas = Canvas(*size)
    landscapes.draw(canvas, Scene(hour, ground, "nothing", "right", None, _VARIATION))
    return np.asarray(canvas.image(), np.float32)


def _waves(canvas: Canvas, hour: str, moment: float) -> None:
    for row, (start, y) in enumerate(((0.1, 0.68), (0.75, 0.76), (0.35, 0.86), (0.8, 0.94))):
        way = 0.12 + 0.04 * row
        x = canvas.aspect * (start + way * (moment - 0.5))
        canvas.paint(canvas.ellipse(x, y, 0.09 + 0.02 * row, 0.012), _CRESTS[hour], 0.75)


def _cloud(canvas: Canvas, hour: str, x: float, y: float) -> None:
    cover = canvas.ellipse(x, y, 0.13, 0.09)
    for right, down, across, high in ((-0.14, 0.03, 0.1, 0.06), (0.14, 0.03, 0.1, 0.06)):
        cover = np.maximum(cover, canvas.ellipse(x + right, y + down, across, high))
    canvas.paint(cover, _CLOUDS[hour])


def _windmill(canvas: Canvas, light: Light, x: float, moment: float) -> None:
    unit = 0.5 * min(canvas.aspect, 1)
    parts: tuple[tuple[Colour, list[tuple[float, float]]], ...] = (
        (_STONE, [(-0.24, 0.08), (-0.15, -0.62), (0.15, -0.62), (0.24, 0.08)]),
        (_ROOF, [(-0.2, -0.6), (0, -0.84), (0.2, -0.6)]),
        (_ROOF, [(-0.07, 0.08), (-0.07, -0.16), (0.07, -0.16), (0.07, 0.08)]),
    )
    for colour, outline in parts:
        placed = turned(outline, x, _MILL_FOOT, unit, 0)
        canvas.paint(canvas.polygon(placed), light.on(colour))
    hub = _MILL_FOOT - 0.66 * unit
    for quarter in range(4):
        angle = quarter * pi / 2 + _TURN * moment
        sail = turned([(0.0, -0.04), (0.6, -0.1), (0.6, 0.1), (0.0, 0.04)], x, hub, unit, angle)
        canvas.paint(canvas.polygon(sail), light.on(_SAIL))
