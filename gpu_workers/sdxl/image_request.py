"""One image to generate, with all its parameters, and the sizes of images."""

from dataclasses import dataclass, field
from math import sqrt
from typing import Literal

from PIL import Image

from gpu_workers.sdxl.prompt_parser import Prompt
from shared.contracts.worker_protocol import AspectRatio, ReferenceType

Mode = Literal["text", "image", "control", "adapter"]
"""Text to image; image to image; ControlNet; IP-Adapter (style or character)."""


@dataclass(frozen=True)
class InitImage:
    """The reference picture, scaled to the output size."""

    picture: Image.Image = field(repr=False)
    type: ReferenceType | None
    strength: float
    """0 ignores it, 1 copies it."""


@dataclass(frozen=True)
class ImageRequest:
    """The parameters of one picture."""

    prompt: Prompt
    negative: Prompt
    steps: int
    guidance: float
    seed: int
    size: tuple[int, int]
    mode: Mode = "text"
    start: InitImage | None = None

    @property
    def denoising_strength(self) -> float:
        """The part of the steps that is run from a reference picture: at least one step."""
        strength = self.start.strength if self.start else 0.0
        return max(1 - strength, 1 / self.steps)


_FULL_SIDE = 512
"""From this native side on, models are trained on buckets whose sides are multiples of 64."""

_FULL_MULTIPLE = 64
_SMALL_MULTIPLE = 8
"""StableDiffusionXLPipeline requires sides that are multiples of this."""


def resolution(ratio: AspectRatio, *, native_side: int) -> tuple[int, int]:
    """Return width and height in pixels, with about as many pixels as the model's square.

    For a native side of 1024 these are SDXL's buckets: 1344x768 at 16:9, 1152x896 at 4:3.

    Args:
        ratio: the aspect ratio.
        native_side: the side of the square that the model was trained on, in pixels.
    """
    across, down = (int(part) for part in ratio.split(":"))
    multiple = _FULL_MULTIPLE if native_side >= _FULL_SIDE else _SMALL_MULTIPLE
    stretch = sqrt(across / down)
    return (
        max(round(native_side * stretch / multiple), 1) * multiple,
        max(round(native_side / stretch / multiple), 1) * multiple,
    )
