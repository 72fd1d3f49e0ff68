"""Auxiliary position-prediction loss for the denoiser.

Wan's attention does not encode positions. Rows and columns are learnt anyway, since every landscape
needs them; the frame of a token is not, and until it is learnt a thing is smeared over all the
positions it passes. So the frame, row and column of each token are predicted half-way through the
blocks; and a block later its distance from the thing's centre, which depends on time, position and
prompt together.
"""

from collections.abc import Sequence
from functools import cache

import torch
from torch import nn

from gpu_workers.training.demo_image.canvas import Point
from gpu_workers.training.demo_video import scenes, shapes
from gpu_workers.training.demo_video.architectures import TOKEN, Network
from gpu_workers.training.demo_video.subjects import Moving, MovingShape

_BLOCK = 2
_LONGEST = 8
"""The maximum number of rows (tallest clip), columns (widest clip) and frames, in tokens."""

_SIDES = 3
_FAR = 1.5
"""Distances from the thing's centre are cut off at this, in tokens."""

Shape = tuple[int, int, int]
"""Tokens: frames, rows and columns."""


class PositionHead(nn.Module):
    """Predicts a token's frame, row, column and distance to the thing from the blocks' outputs."""

    def __init__(self, transformer: Network) -> None:
        super().__init__()
        width = transformer.config.num_attention_heads * transformer.config.attention_head_dim
        self._guess = nn.Linear(width, _SIDES * _LONGEST)
        self._away = nn.Linear(width, 2)
        self._outputs: dict[nn.Module, torch.Tensor] = {}
        self._blocks = tuple(transformer.blocks[_BLOCK : _BLOCK + 2])
        for block in self._blocks:
            block.register_forward_hook(self._store)

    def loss(self, subjects: Sequence[Moving], latents: torch.Tensor) -> torch.Tensor:
        """Return the loss of the predictions for the latents that were denoised last.

        Args:
            subjects: the subjects of the batch.
            latents: the clips' latents, (n, channels, frames, rows, columns).
        """
        _, _, frames, rows, columns = latents.shape
        shape = frames, rows // TOKEN, columns // TOKEN
        first, second = (self._outputs[block].float() for block in self._blocks)
        guesses = self._guess(first).unflatten(2, (_SIDES, _LONGEST))
        positions = _grid(shape).expand(len(guesses), -1, -1)
        position_loss = nn.functional.cross_entropy(guesses.flatten(0, 2), positions.flatten())
        distances = torch.stack([_distances(subject, shape) for subject in subjects])
        loss: torch.Tensor = position_loss + (self._away(second) - distances).square().mean()
        return loss

    def _store(self, block: nn.Module, _: object, output: torch.Tensor) -> None:
        self._outputs[block] = output


@cache
def _grid(shape: Shape) -> torch.Tensor:
    """Return each token's frame, row and column, in the order of tokens."""
    sides = [torch.arange(length) for length in shape]
    return torch.stack(torch.meshgrid(*sides, indexing="ij"), dim=-1).flatten(0, 2)


@cache
def _distances(subject: Moving, shape: Shape) -> torch.Tensor:
    """Return how far right of the thing's centre, and below it, each token is, in tokens."""
    frames, rows, columns = shape
    # The first latent holds one frame, each later one four.
    moments = [max(0, frame - 0.375) / 4 for frame in range(frames)]
    middles = torch.tensor([_middle(subject, moment, columns / rows) for moment in moments]) * rows
    grid = _grid(shape)
    return (grid[:, [2, 1]] + 0.5 - middles[grid[:, 0]]).clamp(-_FAR, _FAR)


def _middle(subject: Moving, moment: float, aspect: float) -> Point:
    if isinstance(subject, MovingShape):
        return shapes.middle(subject, moment, aspect)
    return scenes.middle(subject, moment, aspect)
