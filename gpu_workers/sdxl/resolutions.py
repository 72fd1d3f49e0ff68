"""Resolution buckets per aspect ratio."""

from math import sqrt

from shared.contracts.worker_protocol import AspectRatio

_FULL_SIDE = 512
"""From this native side on, models are trained on buckets whose sides are multiples of 64."""

_FULL_MULTIPLE = 64
_SMALL_MULTIPLE = 8
"""StableDiffusionXLPipeline requires sides that are multiples of this."""


def resolution(ratio: AspectRatio, *, own_side: int) -> tuple[int, int]:
    """Return width and height in pixels, with about as many pixels as the model's square.

    For a native side of 1024 these are SDXL's buckets: 1344x768 at 16:9, 1152x896 at 4:3.

    Args:
        ratio: the aspect ratio.
        own_side: the side of the square that the model was trained on, in pixels.
    """
    across, down = (int(part) for part in ratio.split(":"))
    multiple = _FULL_MULTIPLE if own_side >= _FULL_SIDE else _SMALL_MULTIPLE
    stretch = sqrt(across / down)
    return (
        max(round(own_side * stretch / multiple), 1) * multiple,
        max(round(own_side / stretch / multiple), 1) * multiple,
    )
