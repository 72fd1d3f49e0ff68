"""Landscape rendering: a sky for the hour, a ground, and a thing on it."""

from dataclasses import dataclass
from random import Random

import numpy as np

from gpu_workers.training.demo_image.canvas import Array, Canvas
from gpu_workers.training.demo_image.objects import Light, draw_thing
from gpu_workers.training.demo_image.subjects import Colour, Scene


@dataclass(frozen=True)
class _Hour:
    sky: tuple[Colour, ...]
    light: tuple[float, float, float]
    sun: Colour
    glow: Colour
    haze: Colour


_HOURS = {
    "day": _Hour(
        ((66, 146, 226), (140, 198, 244), (214, 236, 250)),
        (1, 1, 1), (255, 240, 150), (255, 250, 215), (196, 222, 240),
    ),
    "sunset": _Hour(
        ((84, 52, 124), (214, 84, 92), (252, 166, 76), (255, 212, 120)),
        (0.82, 0.58, 0.58), (255, 232, 150), (255, 196, 110), (196, 96, 96),
    ),
    "night": _Hour(
        ((10, 14, 44), (22, 32, 84), (52, 66, 128)),
        (0.34, 0.4, 0.62), (244, 242, 222), (110, 124, 180), (40, 52, 104),
    ),
    "dawn": _Hour(
        ((142, 172, 226), (222, 192, 222), (255, 206, 196), (255, 226, 190)),
        (1, 0.86, 0.88), (255, 246, 214), (255, 236, 214), (214, 184, 206),
    ),
}  # fmt: skip
_HORIZONS = {"sea": 0.6, "meadow": 0.64, "desert": 0.66, "mountains": 0.72, "snow": 0.64}
_SIDES = {"left": 0.27, "middle": 0.5, "right": 0.73}
_HILLS: dict[str, tuple[Colour, Colour, Colour]] = {
    "meadow": ((120, 186, 96), (92, 168, 72), (66, 140, 56)),
    "desert": ((240, 208, 140), (232, 184, 104), (212, 154, 76)),
    "snow": ((222, 232, 244), (238, 244, 252), (216, 228, 244)),
    "mountains": ((120, 176, 104), (88, 152, 76), (62, 124, 58)),
}
_ISLAND: Colour = (236, 204, 136)


def draw(canvas: Canvas, subject: Scene) -> None:
    """Draw sky, ground and thing, from back to front."""
    random = Random(subject.variation)
    hour = _HOURS[subject.hour]
    light = Light(*hour.light)
    horizon = _HORIZONS[subject.ground] + random.uniform(-0.03, 0.03)
    x = canvas.aspect * (_SIDES[subject.side] + random.uniform(-0.03, 0.03))
    _sky(canvas, subject, hour, horizon, random)
    if subject.ground == "sea":
        _sea(canvas, subject, hour, horizon, random)
    else:
        _hills(canvas, subject, hour, horizon, random)
    foot = horizon + (0.17 if subject.ground == "sea" else 0.12)
    if subject.ground == "sea" and subject.thing not in {"boat", "balloon", "nothing"}:
        canvas.paint(canvas.ellipse(x, foot + 0.02, 0.25, 0.055), light.on(_ISLAND))
    draw_thing(canvas, subject, light, x, foot)


def _sky(canvas: Canvas, subject: Scene, hour: _Hour, horizon: float, random: Random) -> None:
    canvas.paint(1, canvas.gradient(*hour.sky, bottom=horizon))
    side = 0.8 if subject.side == "left" else 0.2
    if subject.side == "middle":
        side = random.choice((0.2, 0.8))
    x = canvas.aspect * (side + random.uniform(-0.04, 0.04))
    if subject.hour == "night":
        for _ in range(9):
            at = random.uniform(0, canvas.aspect), random.uniform(0.03, horizon - 0.15)
            canvas.paint(canvas.ellipse(*at, 0.009), (236, 238, 250))
    y = {"day": 0.17, "night": 0.19}.get(subject.hour, horizon - 0.09) + random.uniform(-0.02, 0.02)
    radius = {"day": 0.085, "sunset": 0.15, "night": 0.09}.get(subject.hour, 0.11)
    canvas.paint(canvas.ellipse(x, y, radius * 1.5), hour.glow, 0.35)
    canvas.paint(canvas.ellipse(x, y, radius), hour.sun)
    if subject.hour == "night":
        canvas.paint(canvas.ellipse(x + 0.05, y - 0.02, 0.075), (26, 36, 88))
    if subject.hour in {"day", "dawn"}:
        _cloud(canvas, canvas.aspect - x + random.uniform(-0.1, 0.1), random.uniform(0.12, 0.22))


def _cloud(canvas: Canvas, x: float, y: float) -> None:
    parts = ((-0.1, 0.015, 0.06, 0.04), (0, 0, 0.085, 0.06), (0.1, 0.018, 0.06, 0.038))
    cover = np.zeros((canvas.size[1], canvas.size[0]), np.float32)
    for right, down, across, high in parts:
        cover = np.maximum(cover, canvas.ellipse(x + right, y + down, across, high))
    canvas.paint(cover, (255, 252, 250), 0.92)


def _sea(canvas: Canvas, subject: Scene, hour: _Hour, horizon: float, random: Random) -> None:
    light = Light(*hour.light)
    water = canvas.box(-1, horizon, canvas.aspect + 1, 2)
    far, near = light.on((70, 150, 206)), light.on((16, 82, 150))
    canvas.paint(water, canvas.gradient(far, near, top=horizon))
    sun = canvas.aspect * (0.8 if subject.side == "left" else 0.2)
    for row in range(5):
        y = horizon + 0.045 + row * 0.075
        half = 0.17 - row * 0.02
        at = sun if row % 2 == 0 and subject.hour != "day" else random.uniform(0.1, canvas.aspect)
        colour = hour.sun if at == sun else hour.haze
        canvas.paint(canvas.ellipse(at, y, half, 0.011), colour, 0.55)


def _hills(canvas: Canvas, subject: Scene, hour: _Hour, horizon: float, random: Random) -> None:
    light = Light(*hour.light)
    if subject.ground == "mountains":
        _peaks(canvas, light, horizon, random)
    back, middle, front = (light.on(colour) for colour in _HILLS[subject.ground])
    canvas.paint(_hill(canvas, horizon - 0.05, 0.035, random), back)
    shade = canvas.gradient(middle, front, top=horizon, bottom=1)
    canvas.paint(_hill(canvas, horizon + 0.03, 0.02, random), shade)


def _hill(canvas: Canvas, height: float, swell: float, random: Random) -> Array:
    start, waves = random.uniform(0, 6.28), random.uniform(0.8, 1.3)
    steps = np.linspace(0, canvas.aspect, 25)
    line = [(float(x), float(height + swell * np.sin(start + x * 6.28 * waves))) for x in steps]
    return canvas.polygon([*line, (canvas.aspect, 1.1), (0, 1.1)])


def _peaks(canvas: Canvas, light: Light, horizon: float, random: Random) -> None:
    for centre, high in ((0.18, 0.3), (0.82, 0.34), (0.5, 0.44)):
        x = canvas.aspect * centre + random.uniform(-0.04, 0.04)
        top = horizon - high * random.uniform(0.92, 1.08)
        wide = 0.36 * max(canvas.aspect, 0.8)
        canvas.paint(
            canvas.polygon([(x - wide, horizon + 0.05), (x, top), (x + wide, horizon + 0.05)]),
            canvas.gradient(light.on((132, 140, 164)), light.on((84, 98, 124)), top=top),
        )
        cap, slope = 0.1, wide / (horizon + 0.05 - top)
        outline = [
            (x, top), (x + cap * slope, top + cap), (x + cap * slope * 0.4, top + cap * 0.72),
            (x, top + cap * 1.05), (x - cap * slope * 0.4, top + cap * 0.72),
            (x - cap * slope, top + cap),
        ]  # fmt: skip
        canvas.paint(canvas.polygon(outline), light.on((246, 250, 255)))
