"""Colours and position of a shape, measured in the pixels without a model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpu_workers.training.demo_image.subjects import COLOURS

Floats = NDArray[np.float32]

SILHOUETTE = 32
_NAMES = sorted(COLOURS)
_PALETTE = np.array([COLOURS[name] for name in _NAMES], np.float32)
_BORDER = 2
_SHADED = np.linspace(0.65, 1.06, 9)[:, None]
"""Factors of the background's brightness in a shadow or in its gradient."""

_SHADE_DISTANCE = 40
_OFF_CENTRE = 0.1
"""Part of a side: a shape nearer to the centre than this is in the middle."""


@dataclass(frozen=True)
class Measured:
    """The colours and the position of the shape in a picture; None if no shape is found."""

    background: str
    colour: str | None
    place: str | None


def read(image: Image.Image) -> Measured:
    """Measure a picture of one shape on a plain background."""
    pixels = np.asarray(image.convert("RGB"), np.float32)
    around = _around(pixels)
    background = int(_nearest(around[None])[0])
    apart = _apart(pixels, around)
    names = _nearest(pixels.reshape(-1, 3)).reshape(apart.shape)
    counts = np.bincount(names[apart & (names != background)], minlength=len(_NAMES))
    if counts.max() == 0:
        return Measured(_NAMES[background], None, None)
    colour = int(counts.argmax())
    return Measured(_NAMES[background], _NAMES[colour], _place(apart & (names == colour)))


def silhouette(image: Image.Image) -> Floats:
    """Return the shape alone, 1 on 0, filling a square of SILHOUETTE pixels on a side."""
    pixels = np.asarray(image.convert("RGB"), np.float32)
    apart = _apart(pixels, _around(pixels))
    if not apart.any():
        return np.zeros((SILHOUETTE, SILHOUETTE), np.float32)
    down, across = np.nonzero(apart)
    left, top, right, bottom = across.min(), down.min(), across.max() + 1, down.max() + 1
    half = max(right - left, bottom - top) / 2 + 1
    x, y = (left + right) / 2, (top + bottom) / 2
    mask = Image.fromarray((apart * 255).astype(np.uint8))
    box = (int(x - half), int(y - half), int(x + half), int(y + half))
    square = mask.crop(box).resize((SILHOUETTE, SILHOUETTE), Image.Resampling.BILINEAR)
    shown: Floats = np.asarray(square, np.float32) / np.float32(255)
    return shown


def _around(pixels: Floats) -> Floats:
    """Return the background's colour: the median along the edges."""
    border = np.concatenate([
        pixels[:_BORDER].reshape(-1, 3), pixels[-_BORDER:].reshape(-1, 3),
        pixels[:, :_BORDER].reshape(-1, 3), pixels[:, -_BORDER:].reshape(-1, 3),
    ])  # fmt: skip
    around: Floats = np.median(border, axis=0).astype(np.float32)
    return around


def _apart(pixels: Floats, around: Floats) -> NDArray[np.bool_]:
    """Return the mask of pixels that are neither background nor shadow."""
    distances = np.linalg.norm(pixels[:, :, None] - around * _SHADED, axis=-1)
    apart: NDArray[np.bool_] = distances.min(axis=-1) > _SHADE_DISTANCE
    return apart


def _nearest(colours: Floats) -> NDArray[np.intp]:
    nearest: NDArray[np.intp] = np.linalg.norm(colours[:, None] - _PALETTE, axis=-1).argmin(axis=-1)
    return nearest


def _place(mask: NDArray[np.bool_]) -> str:
    down, across = (float(at.mean()) for at in np.nonzero(mask))
    right, low = across / mask.shape[1] - 0.5, down / mask.shape[0] - 0.5
    if max(abs(right), abs(low)) < _OFF_CENTRE:
        return "middle"
    if abs(right) > abs(low):
        return "right" if right > 0 else "left"
    return "bottom" if low > 0 else "top"
