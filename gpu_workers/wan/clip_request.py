"""What the models are asked for."""

from dataclasses import dataclass

from gpu_workers.wan.reference_images import ReferenceFrames
from shared.contracts.worker_protocol import GenerationParams

_STRENGTH = 0.5
"""How much of a picture stays when it is drawn anew, where the job does not say."""


@dataclass(frozen=True)
class ClipRequest:
    """One film, or one frame."""

    params: GenerationParams
    references: ReferenceFrames
    seed: int
    frames: int
    size: tuple[int, int]

    @property
    def strength(self) -> float:
        """How much of the source stays when it is drawn anew: 0 ignores it, 1 copies it."""
        wanted = self.params.reference_strength
        return _STRENGTH if wanted is None else wanted

    @property
    def redraw_steps(self) -> int:
        """Of the job's steps, those that are left to the source; the last at least."""
        return max(round(self.params.steps * (1 - self.strength)), 1)
