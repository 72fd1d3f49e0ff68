"""Where a token is: a start for the denoiser's first block, which would take long to find it.

Wan's attention sees how far tokens are from each other, and not where they are. In noise alone only
an edge tells: beyond it there is no neighbour. Four heads are set to look at one neighbour each,
and the layer after them compares what they see with the token itself, which is what they see where
there is no neighbour. Training may make of it what it will.
"""

from math import cos, sin

import torch

from gpu_workers.training.demo_video.architectures import Network

_STEPS = ((0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
"""Of each head's neighbour: how much earlier, higher and further left it is."""

_SHARPNESS = 3.0
_SLOWER = 2.0
_SEEN = 16
"""Numbers of a token that are compared."""

_CONTRAST = 2.0
_LOUDNESS = 0.1


@torch.no_grad()
def init_positions(transformer: Network) -> None:
    """Set the first block so."""
    block, heads = transformer.blocks[0], len(_STEPS)
    width = transformer.config.num_attention_heads * transformer.config.attention_head_dim
    half = width // 2
    embedding = transformer.patch_embedding
    embedding.weight.zero_()
    embedding.weight[:half] = torch.eye(half).view(half, *embedding.weight.shape[1:])
    embedding.bias.zero_()
    _look_aside(block.attn1, transformer.rope)
    for part in (block.attn1.to_v, block.attn1.to_out[0]):
        part.weight.zero_()
        part.bias.zero_()
    head = width // heads
    for number in range(heads):
        own, kept = number * _SEEN, half + number * _SEEN
        block.attn1.to_v.weight[number * head : number * head + _SEEN, own : own + _SEEN] = (
            torch.eye(_SEEN)
        )
        block.attn1.to_out[0].weight[kept : kept + _SEEN, number * head : number * head + _SEEN] = (
            torch.eye(_SEEN)
        )
    _compare(block.ffn, half, heads)
    block.scale_shift_table[0, [0, 1, 3, 4]] = 0
    block.scale_shift_table[0, [2, 5]] = 1


def _look_aside(attention: Network, rope: Network) -> None:
    head = attention.inner_dim // attention.heads
    for layer in (attention.to_q, attention.to_k):
        layer.weight.zero_()
        layer.bias.zero_()
    for number, steps in enumerate(_STEPS):
        start = number * head
        for step, length in zip(steps, (rope.t_dim, rope.h_dim, rope.w_dim), strict=True):
            for pair, (angle, weight) in enumerate(_angles(length)):
                at = start + 2 * pair
                attention.to_q.bias[at] = weight
                attention.to_k.bias[at] = weight * cos(angle * step)
                attention.to_k.bias[at + 1] = weight * sin(angle * step)
            start += length
    attention.norm_q.weight.fill_(_SHARPNESS)
    attention.norm_k.weight.fill_(_SHARPNESS)


def _angles(length: int) -> tuple[tuple[float, float], ...]:
    """The two fastest angles from a token to the next, and how much each counts.

    By the fastest alone, one radian, a token six further on would look like a neighbour.
    """
    return (1.0, 1.0), (10000 ** (-2 / length), _SLOWER)


def _compare(layers: Network, half: int, heads: int) -> None:
    first, last = layers.net[0].proj, layers.net[2]
    last.weight[:, : 2 * half] = 0
    for unit in range(heads * _SEEN):
        for sign, row in ((_CONTRAST, unit), (-_CONTRAST, heads * _SEEN + unit)):
            first.weight[row] = 0
            first.bias[row] = 0
            first.weight[row, half + unit], first.weight[row, unit] = sign, -sign
            last.weight[half + unit // _SEEN * _SEEN, row] = _LOUDNESS
