"""The sides of a picture, in pixels, for each aspect ratio."""

from math import sqrt

from shared.contracts.worker_protocol import AspectRatio

_FULL_SIDE = 512
"""From this own side on a model was trained on buckets of sides that are multiples of 64."""

_FULL_MULTIPLE = 64
_SMALL_MULTIPLE = 8
"""What StableDiffusionXLPipeline demands of any side."""


def resolution(ratio: AspectRatio, *, own_side: int) -> tuple[int, int]:
    """Width and height of about as many pixels as the model's own square.

    For a side of 1024 these are SDXL's buckets: 1344x768 at 16:9, 1152x896 at 4:3.
    """
    across, down = (int(part) for part in ratio.split(":"))
    multiple = _FULL_MULTIPLE if own_side >= _FULL_SIDE else _SMALL_MULTIPLE
    stretch = sqrt(across / down)
    return (
        max(round(own_side * stretch / multiple), 1) * multiple,
        max(round(own_side / stretch / multiple), 1) * multiple,
    )
