"""Positional initialisation of the denoiser's first block, which would learn positions slowly.

Wan's attention encodes the distances of tokens, not their positions. In pure noise only the edges
give a position: beyond them a token has no neighbour. Four heads are set to attend to one neighbour
each, and the next layer compares their output with the token itself, which is what they return if
there is no neighbour. Training may change these weights freely.
"""

from math import cos, sin

import torch

from gpu_workers.training.demo_video.architectures import Network

_STEPS = ((0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
"""The offset of each head's neighbour: earlier, higher and further left."""

_SHARPNESS = 3.0
_SECOND_WEIGHT = 2.0
_CHANNELS = 16
"""Channels of a token that are compared."""

_CONTRAST = 2.0
_GAIN = 0.1


@torch.no_grad()
def init_positions(transformer: Network) -> None:
    """Initialise the first block of a transformer in place."""
    block, heads = transformer.blocks[0], len(_STEPS)
    width = transformer.config.num_attention_heads * transformer.config.attention_head_dim
    half = width // 2
    embedding = transformer.patch_embedding
    embedding.weight.zero_()
    embedding.weight[:half] = torch.eye(half).view(half, *embedding.weight.shape[1:])
    embedding.bias.zero_()
    _attend_to_neighbours(block.attn1, transformer.rope)
    for part in (block.attn1.to_v, block.attn1.to_out[0]):
        part.weight.zero_()
        part.bias.zero_()
    head = width // heads
    for number in range(heads):
        of_head = slice(number * head, number * head + _CHANNELS)
        source = slice(number * _CHANNELS, (number + 1) * _CHANNELS)
        target = slice(half + number * _CHANNELS, half + (number + 1) * _CHANNELS)
        block.attn1.to_v.weight[of_head, source] = torch.eye(_CHANNELS)
        block.attn1.to_out[0].weight[target, of_head] = torch.eye(_CHANNELS)
    _compare(block.ffn, half, heads)
    block.scale_shift_table[0, [0, 1, 3, 4]] = 0
    block.scale_shift_table[0, [2, 5]] = 1


def _attend_to_neighbours(attention: Network, rope: Network) -> None:
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
    """Return the two fastest rotation angles from a token to the next, with their weights.

    With the fastest alone, one radian, a token at a distance of six would look like a neighbour.
    """
    return (1.0, 1.0), (10000 ** (-2 / length), _SECOND_WEIGHT)


def _compare(layers: Network, half: int, heads: int) -> None:
    first, last = layers.net[0].proj, layers.net[2]
    last.weight[:, : 2 * half] = 0
    for unit in range(heads * _CHANNELS):
        for sign, row in ((_CONTRAST, unit), (-_CONTRAST, heads * _CHANNELS + unit)):
            first.weight[row] = 0
            first.bias[row] = 0
            first.weight[row, half + unit], first.weight[row, unit] = sign, -sign
            last.weight[half + unit // _CHANNELS * _CHANNELS, row] = _GAIN
