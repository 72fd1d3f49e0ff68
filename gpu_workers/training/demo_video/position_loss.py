"""A lesson for the denoiser in where each token is, as its reader of prompts has one in words.

Wan's attention does not see it. Rows and columns come of themselves, since every landscape asks for
them; which frame a token is of does not, and until it is known a thing stays smeared over all the
places that it passes. So half-way through its blocks the denoiser is asked; and a block later, how
far the token is from the thing's middle, to which time, place and words must come together.
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
"""Places along a side: rows and columns of the widest and the tallest clip, and frames."""

_SIDES = 3
_FAR = 1.5
"""Tokens from the thing's middle: beyond, it does not matter how far."""

Shape = tuple[int, int, int]
"""Tokens: frames, rows and columns."""


class Whereabouts(nn.Module):
    """Guesses frame, row and column, and the way to the thing, from what blocks leave."""

    def __init__(self, transformer: Network) -> None:
        super().__init__()
        width = transformer.config.num_attention_heads * transformer.config.attention_head_dim
        self._guess = nn.Linear(width, _SIDES * _LONGEST)
        self._away = nn.Linear(width, 2)
        self._left: dict[nn.Module, torch.Tensor] = {}
        self._blocks = tuple(transformer.blocks[_BLOCK : _BLOCK + 2])
        for block in self._blocks:
            block.register_forward_hook(self._keep)

    def loss(self, subjects: Sequence[Moving], latents: torch.Tensor) -> torch.Tensor:
        """How wrong its guesses are for the latents that were denoised last."""
        _, _, frames, rows, columns = latents.shape
        shape = frames, rows // TOKEN, columns // TOKEN
        first, second = (self._left[block].float() for block in self._blocks)
        guesses = self._guess(first).unflatten(2, (_SIDES, _LONGEST))
        places = _grid(shape).expand(len(guesses), -1, -1)
        misplaced = nn.functional.cross_entropy(guesses.flatten(0, 2), places.flatten())
        ways = torch.stack([_ways(subject, shape) for subject in subjects])
        wrong: torch.Tensor = misplaced + (self._away(second) - ways).square().mean()
        return wrong

    def _keep(self, block: nn.Module, _: object, left: torch.Tensor) -> None:
        self._left[block] = left


@cache
def _grid(shape: Shape) -> torch.Tensor:
    """Each token's frame, row and column, in the order of tokens."""
    sides = [torch.arange(length) for length in shape]
    return torch.stack(torch.meshgrid(*sides, indexing="ij"), dim=-1).flatten(0, 2)


@cache
def _ways(subject: Moving, shape: Shape) -> torch.Tensor:
    """How far right of the thing's middle, and below it, each token is, in tokens."""
    frames, rows, columns = shape
    # The first is a frame's, each other one four frames'.
    moments = [max(0, frame - 0.375) / 4 for frame in range(frames)]
    middles = torch.tensor([_middle(subject, moment, columns / rows) for moment in moments]) * rows
    grid = _grid(shape)
    return (grid[:, [2, 1]] + 0.5 - middles[grid[:, 0]]).clamp(-_FAR, _FAR)


def _middle(subject: Moving, moment: float, aspect: float) -> Point:
    if isinstance(subject, MovingShape):
        return shapes.middle(subject, moment, aspect)
    return scenes.middle(subject, moment, aspect)
