"""What the models are asked for."""

from dataclasses import dataclass

from gpu_workers.wan.reference_images import Given
from shared.contracts.worker_protocol import Parameters

_STRENGTH = 0.5
"""How much of a picture stays when it is drawn anew, where the job does not say."""


@dataclass(frozen=True)
class Order:
    """One film, or one frame."""

    wanted: Parameters
    given: Given
    seed: int
    frames: int
    size: tuple[int, int]

    @property
    def strength(self) -> float:
        """How much of the source stays when it is drawn anew: 0 ignores it, 1 copies it."""
        wanted = self.wanted.reference_strength
        return _STRENGTH if wanted is None else wanted

    @property
    def steps_anew(self) -> int:
        """Of the job's steps, those that are left to the source; the last at least."""
        return max(round(self.wanted.steps * (1 - self.strength)), 1)
