"""One clip or frame to generate."""

from dataclasses import dataclass

from gpu_workers.wan.reference_images import ReferenceFrames
from shared.contracts.worker_protocol import GenerationParams

_STRENGTH = 0.5
"""How much of a source picture stays when it is redrawn, if the job does not set it."""


@dataclass(frozen=True)
class ClipRequest:
    """The parameters of one clip, or of one frame."""

    params: GenerationParams
    references: ReferenceFrames
    seed: int
    frames: int
    size: tuple[int, int]

    @property
    def strength(self) -> float:
        """How much of the source stays when it is redrawn: 0 ignores it, 1 copies it."""
        strength = self.params.reference_strength
        return _STRENGTH if strength is None else strength

    @property
    def redraw_steps(self) -> int:
        """The number of the job's steps that redraw the source; at least 1."""
        return max(round(self.params.steps * (1 - self.strength)), 1)
