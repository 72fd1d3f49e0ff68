"""A canvas of soft-edged masks: every outline is drawn large and brought down."""

from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from gpu_workers.training.demo_image.subjects import Colour

Array = NDArray[np.float32]
Point = tuple[float, float]

_OVERSAMPLING = 4


class Canvas:
    """A picture in the making. Lengths are parts of its height; x runs to ``aspect``."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.aspect = width / height
        self._pixels = np.zeros((height, width, 3), np.float32)

    def image(self) -> Image.Image:
        """The finished picture."""
        return Image.fromarray(np.clip(self._pixels + 0.5, 0, 255).astype(np.uint8))

    def gradient(self, *colours: Colour, top: float = 0, bottom: float = 1) -> Array:
        """Colours from top to bottom, spread evenly between two heights."""
        heights = (np.arange(self.size[1]) + 0.5) / self.size[1]
        stops = np.linspace(top, bottom, len(colours))
        rows = [
            np.interp(heights, stops, [colour[channel] for colour in colours])
            for channel in range(3)
        ]
        return np.stack(rows, axis=1).astype(np.float32)[:, None, :]

    def paint(self, mask: Array | float, colour: Colour | Array, strength: float = 1) -> None:
        """Lay a colour over what the mask covers."""
        cover = mask[:, :, None] * strength if isinstance(mask, np.ndarray) else mask * strength
        self._pixels = self._pixels * (1 - cover) + np.asarray(colour, np.float32) * cover

    def polygon(self, points: Sequence[Point]) -> Array:
        """The inside of an outline."""
        image, draw, scale = self._large()
        draw.polygon([(x * scale, y * scale) for x, y in points], fill=255)
        return self._small(image)

    def ellipse(self, x: float, y: float, across: float, down: float | None = None) -> Array:
        """An ellipse of two half-axes about a centre."""
        image, draw, scale = self._large()
        half = across if down is None else down
        box = ((x - across) * scale, (y - half) * scale, (x + across) * scale, (y + half) * scale)
        draw.ellipse(box, fill=255)
        return self._small(image)

    def box(self, left: float, top: float, right: float, bottom: float) -> Array:
        """An upright rectangle."""
        return self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)])

    def shadow(self, mask: Array, down: float, blur: float) -> Array:
        """The soft shadow of a mask, a little below it."""
        image = Image.fromarray((mask * 255).astype(np.uint8))
        soft = image.filter(ImageFilter.GaussianBlur(blur * self.size[1]))
        moved = Image.new("L", self.size)
        moved.paste(soft, (0, round(down * self.size[1])))
        soft_mask: Array = np.asarray(moved, np.float32) / np.float32(255)
        return soft_mask

    def _large(self) -> tuple[Image.Image, ImageDraw.ImageDraw, float]:
        width, height = self.size
        image = Image.new("L", (width * _OVERSAMPLING, height * _OVERSAMPLING))
        return image, ImageDraw.Draw(image), height * _OVERSAMPLING

    def _small(self, image: Image.Image) -> Array:
        mask: Array = np.asarray(image.reduce(_OVERSAMPLING), np.float32) / np.float32(255)
        return mask


def turned(points: Sequence[Point], x: float, y: float, size: float, angle: float) -> list[Point]:
    """An outline about the origin, grown, turned and moved to its place."""
    across, up = cos(angle) * size, sin(angle) * size
    return [(x + a * across - b * up, y + a * up + b * across) for a, b in points]


def rays(count: int, inner: float, start: float = -pi / 2) -> list[Point]:
    """The outline of a star of that many points."""
    angles = [start + pi * step / count for step in range(2 * count)]
    lengths = [1.0, inner] * count
    return [(cos(at) * far, sin(at) * far) for at, far in zip(angles, lengths, strict=True)]
