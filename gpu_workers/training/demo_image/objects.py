"""Rendering of the things in a landscape."""

from collections.abc import Callable
from dataclasses import dataclass

from gpu_workers.training.demo_image.canvas import Canvas, turned
from gpu_workers.training.demo_image.subjects import COLOURS, Colour, Scene

_WOOD: Colour = (110, 66, 40)
_PALE: Colour = (244, 236, 220)
_WINDOW: Colour = (255, 226, 130)


@dataclass(frozen=True)
class Light:
    """The colour of the light at an hour: a factor from 0 to 1 for each channel."""

    red: float
    green: float
    blue: float

    def on(self, colour: Colour) -> Colour:
        """Return a colour in this light."""
        parts = zip(colour, (self.red, self.green, self.blue), strict=True)
        red, green, blue = (round(part * lit) for part, lit in parts)
        return red, green, blue


class _Brush:
    """Paints the parts of one thing, relative to its foot; a unit is the thing's height."""

    def __init__(self, canvas: Canvas, light: Light, x: float, foot: float, main: Colour) -> None:
        self._canvas, self._light, self._x, self._foot = canvas, light, x, foot
        self.main = main
        self._unit = 0.4 * min(canvas.aspect, 1)

    def polygon(self, colour: Colour, *points: tuple[float, float]) -> None:
        placed = [(self._x + a * self._unit, self._foot + b * self._unit) for a, b in points]
        self._canvas.paint(self._canvas.polygon(placed), self._light.on(colour))

    def box(self, colour: Colour, left: float, top: float, right: float, bottom: float) -> None:
        self.polygon(colour, (left, top), (right, top), (right, bottom), (left, bottom))

    def window(self, left: float, top: float, right: float, bottom: float) -> None:
        """Paint a lit window, whatever the hour."""
        lit, self._light = self._light, Light(1, 1, 1)
        self.box(_WINDOW, left, top, right, bottom)
        self._light = lit

    def ellipse(self, colour: Colour, x: float, y: float, across: float, down: float) -> None:
        at = self._x + x * self._unit, self._foot + y * self._unit
        mask = self._canvas.ellipse(*at, across * self._unit, down * self._unit)
        self._canvas.paint(mask, self._light.on(colour))


def _boat(brush: _Brush) -> None:
    brush.box(_WOOD, -0.03, -1.0, 0.03, -0.2)
    brush.polygon(brush.main, (0.06, -0.98), (0.06, -0.28), (0.52, -0.28))
    brush.polygon(brush.main, (-0.06, -0.86), (-0.06, -0.28), (-0.4, -0.28))
    brush.polygon(_WOOD, (-0.6, -0.2), (0.62, -0.2), (0.42, 0.08), (-0.42, 0.08))


def _house(brush: _Brush) -> None:
    brush.box(_PALE, -0.42, -0.5, 0.42, 0.08)
    brush.polygon(brush.main, (-0.54, -0.46), (0, -0.92), (0.54, -0.46))
    brush.box(_WOOD, -0.1, -0.24, 0.12, 0.08)
    brush.window(-0.34, -0.34, -0.17, -0.15)
    brush.window(0.18, -0.34, 0.35, -0.15)


def _tree(brush: _Brush) -> None:
    brush.box(_WOOD, -0.07, -0.4, 0.07, 0.08)
    for x, y, radius in ((-0.2, -0.52, 0.24), (0.2, -0.52, 0.24), (0, -0.76, 0.28)):
        brush.ellipse(brush.main, x, y, radius, radius)


def _palm(brush: _Brush) -> None:
    brush.polygon(_WOOD, (-0.06, 0.08), (0.06, 0.08), (0.13, -0.74), (0.05, -0.74))
    for angle in (-0.5, 0.3, 2.85, 3.65):
        leaf = [(0.0, -0.08), (0.32, -0.13), (0.58, 0.06), (0.3, 0.03), (0.0, 0.06)]
        brush.polygon(brush.main, *turned(leaf, 0.09, -0.76, 1, angle))


def _tent(brush: _Brush) -> None:
    brush.polygon(brush.main, (-0.6, 0.08), (0, -0.68), (0.6, 0.08))
    brush.polygon((64, 46, 44), (-0.18, 0.08), (0, -0.4), (0.18, 0.08))


def _lighthouse(brush: _Brush) -> None:
    brush.polygon(_PALE, (-0.22, 0.08), (-0.13, -0.78), (0.13, -0.78), (0.22, 0.08))
    brush.polygon(brush.main, (-0.2, -0.1), (-0.175, -0.34), (0.175, -0.34), (0.2, -0.1))
    brush.polygon(brush.main, (-0.15, -0.56), (-0.13, -0.78), (0.13, -0.78), (0.15, -0.56))
    brush.window(-0.1, -0.96, 0.1, -0.78)
    brush.polygon(brush.main, (-0.16, -0.96), (0, -1.14), (0.16, -0.96))


def _windmill(brush: _Brush) -> None:
    brush.polygon(brush.main, (-0.24, 0.08), (-0.15, -0.62), (0.15, -0.62), (0.24, 0.08))
    brush.polygon(_WOOD, (-0.2, -0.6), (0, -0.84), (0.2, -0.6))
    brush.box(_WOOD, -0.07, -0.16, 0.07, 0.08)
    for angle in (0.6, 2.17, 3.74, 5.31):
        sail = [(0.0, -0.03), (0.56, -0.08), (0.56, 0.08), (0.0, 0.03)]
        brush.polygon((250, 246, 238), *turned(sail, 0, -0.66, 1, angle))


def _balloon(brush: _Brush) -> None:
    brush.polygon(brush.main, (-0.3, -0.92), (0.3, -0.92), (0.09, -0.56), (-0.09, -0.56))
    brush.ellipse(brush.main, 0, -1.08, 0.36, 0.36)
    brush.ellipse(_PALE, 0, -1.08, 0.13, 0.355)
    brush.box(_WOOD, -0.1, -0.5, 0.1, -0.34)


_DRAWN: dict[str, tuple[Callable[[_Brush], None], Colour]] = {
    "boat": (_boat, (252, 248, 240)),
    "house": (_house, (196, 68, 52)),
    "tree": (_tree, (46, 132, 60)),
    "palm": (_palm, (46, 140, 70)),
    "tent": (_tent, (240, 130, 44)),
    "lighthouse": (_lighthouse, (206, 48, 48)),
    "windmill": (_windmill, (214, 196, 170)),
    "balloon": (_balloon, (222, 58, 54)),
}


def draw_thing(canvas: Canvas, subject: Scene, light: Light, x: float, foot: float) -> None:
    """Draw the scene's thing with its foot at (x, foot); a balloon is drawn above."""
    if subject.thing == "nothing":
        return
    paint, usual = _DRAWN[subject.thing]
    main = COLOURS[subject.colour] if subject.colour else usual
    foot = foot - 0.2 if subject.thing == "balloon" else foot
    paint(_Brush(canvas, _brighter(light), x, foot, main))


def _brighter(light: Light) -> Light:
    """Return a brighter light for the foreground, so that it is visible at night."""
    red, green, blue = ((1 + 2 * part) / 3 for part in (light.red, light.green, light.blue))
    return Light(red, green, blue)
