"""One image to generate, with all its parameters."""

from dataclasses import dataclass, field
from typing import Literal

from PIL import Image

from gpu_workers.sdxl.prompt_parser import Prompt
from shared.contracts.worker_protocol import ReferenceType

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
    way: Mode = "text"
    start: InitImage | None = None

    @property
    def denoising_strength(self) -> float:
        """The part of the steps that is run from a reference picture: at least one step."""
        strength = self.start.strength if self.start else 0.0
        return max(1 - strength, 1 / self.steps)
