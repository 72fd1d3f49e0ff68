"""Attention processor for CPU training: the results of inference, over fewer tokens.

PyTorch's attention is slow in backward on a CPU, so plain matrix products are used. A prompt has
512 tokens, nearly all of them zeros: one weighted zero replaces those that training leaves out.
"""

from math import log
from typing import Any

import torch

from gpu_workers.training.demo_video.text_conditioning import LENGTH
from gpu_workers.training.demo_video.tokenizer import LONGEST

_LEFT_OUT = log(LONGEST - LENGTH)

Rotation = tuple[torch.Tensor, torch.Tensor]


class SimpleWanAttnProcessor:
    """Replaces diffusers' WanAttnProcessor."""

    def __call__(
        self,
        attn: Any,  # noqa: ANN401 - diffusers has no types
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,  # noqa: ARG002 - never given
        rotary_emb: Rotation | None = None,
    ) -> torch.Tensor:
        """Attend to the tokens themselves, or to text tokens of which the last is zero."""
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query = attn.norm_q(attn.to_q(hidden_states)).unflatten(2, (attn.heads, -1)).transpose(1, 2)
        key = attn.norm_k(attn.to_k(context)).unflatten(2, (attn.heads, -1)).transpose(1, 2)
        value = attn.to_v(context).unflatten(2, (attn.heads, -1)).transpose(1, 2)
        if rotary_emb is not None:
            query, key = _turned(query, rotary_emb), _turned(key, rotary_emb)
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(2, 3)
        if encoder_hidden_states is not None:
            scores = scores + _weights(scores)
        mixed = scores.softmax(dim=-1).type_as(value) @ value
        output: torch.Tensor = attn.to_out[0](mixed.transpose(1, 2).flatten(2))
        return output


def with_rest(words: torch.Tensor) -> torch.Tensor:
    """Append the zero token that stands for all left-out tokens."""
    return torch.nn.functional.pad(words, (0, 0, 0, 1))


def _weights(scores: torch.Tensor) -> torch.Tensor:
    weights = torch.zeros(scores.shape[-1], dtype=scores.dtype)
    weights[-1] = _LEFT_OUT
    return weights


def _turned(states: torch.Tensor, rotation: Rotation) -> torch.Tensor:
    """Apply rotary position embeddings as Wan does: rotate each pair of numbers by its angle."""
    cos, sin = (part.transpose(1, 2).to(states.dtype) for part in rotation)
    swapped = torch.stack([-states[..., 1::2], states[..., 0::2]], dim=-1).flatten(-2)
    return states * cos + swapped * sin
