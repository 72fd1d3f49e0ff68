"""One picture as it is to be drawn, with nothing left to choose."""

from dataclasses import dataclass, field
from typing import Literal

from PIL import Image

from gpu_workers.sdxl.prompt_parser import Prompt
from shared.contracts.worker_protocol import ReferenceType

Mode = Literal["text", "image", "control", "adapter"]
"""From text alone; from a picture; along its lines; after its style or character."""


@dataclass(frozen=True)
class InitImage:
    """The picture to start from, at the size that is drawn."""

    picture: Image.Image = field(repr=False)
    type: ReferenceType | None
    strength: float
    """0 ignores it, 1 copies it."""


@dataclass(frozen=True)
class ImageRequest:
    """One picture."""

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
        """The part of the steps that are taken, from a picture: one at least."""
        strength = self.start.strength if self.start else 0.0
        return max(1 - strength, 1 / self.steps)
