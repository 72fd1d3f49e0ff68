"""Anti-aliased drawing primitives: outlines are drawn four times as large and scaled down."""

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
    """A picture to draw on. Lengths are parts of its height; x runs from 0 to ``aspect``."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.aspect = width / height
        self._pixels = np.zeros((height, width, 3), np.float32)

    def image(self) -> Image.Image:
        """Return the picture."""
        return Image.fromarray(np.clip(self._pixels + 0.5, 0, 255).astype(np.uint8))

    def gradient(self, *colours: Colour, top: float = 0, bottom: float = 1) -> Array:
        """Return a vertical gradient of colours, spread evenly between two heights."""
        heights = (np.arange(self.size[1]) + 0.5) / self.size[1]
        stops = np.linspace(top, bottom, len(colours))
        rows = [
            np.interp(heights, stops, [colour[channel] for colour in colours])
            for channel in range(3)
        ]
        return np.stack(rows, axis=1).astype(np.float32)[:, None, :]

    def paint(self, mask: Array | float, colour: Colour | Array, strength: float = 1) -> None:
        """Paint a colour over the area of a mask, with a strength from 0 to 1."""
        cover = mask[:, :, None] * strength if isinstance(mask, np.ndarray) else mask * strength
        self._pixels = self._pixels * (1 - cover) + np.asarray(colour, np.float32) * cover

    def polygon(self, points: Sequence[Point]) -> Array:
        """Return the mask of a polygon."""
        image, draw, scale = self._large()
        draw.polygon([(x * scale, y * scale) for x, y in points], fill=255)
        return self._small(image)

    def ellipse(self, x: float, y: float, across: float, down: float | None = None) -> Array:
        """Return the mask of an ellipse with a centre and two half-axes; one for a circle."""
        image, draw, scale = self._large()
        half = across if down is None else down
        box = ((x - across) * scale, (y - half) * scale, (x + across) * scale, (y + half) * scale)
        draw.ellipse(box, fill=255)
        return self._small(image)

    def box(self, left: float, top: float, right: float, bottom: float) -> Array:
        """Return the mask of an axis-parallel rectangle."""
        return self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)])

    def shadow(self, mask: Array, down: float, blur: float) -> Array:
        """Return the mask of a blurred shadow, ``down`` below a mask."""
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
    """Scale an outline about the origin, rotate it by ``angle`` radians and move it to (x, y)."""
    across, up = cos(angle) * size, sin(angle) * size
    return [(x + a * across - b * up, y + a * up + b * across) for a, b in points]


def rays(count: int, inner: float, start: float = -pi / 2) -> list[Point]:
    """Return the outline of a star of ``count`` points with an inner radius (outer: 1)."""
    angles = [start + pi * step / count for step in range(2 * count)]
    lengths = [1.0, inner] * count
    return [(cos(at) * far, sin(at) * far) for at, far in zip(angles, lengths, strict=True)]
