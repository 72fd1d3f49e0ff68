"""The networks of the demo model of clips, small enough to be trained on one core in an hour."""

from typing import Any

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import nn
from transformers import UMT5Config, UMT5EncoderModel

Network = Any
"""A network or a pipeline of diffusers, whose classes carry no types."""

LATENT_CHANNELS = 16
PATCH = 2
"""Pixels on a side that the autoencoder folds into channels before its first layer."""

LATENT_FACTOR = 8
"""Pixels to a latent, along a side; frames to a latent, beside the first, are 4."""

TEXT_WIDTH = 64
TOKEN = 2
"""Latents on a side that the denoiser sees as one token."""

_WIDTH = 128
_HEADS = 4
_MOMENTS = 3
"""Frames that a convolution sees."""


def autoencoder() -> Network:
    """The autoencoder: Wan 2.2's kind, with shortcuts around what it folds, and thin."""
    made: Network = AutoencoderKLWan(
        base_dim=32,
        z_dim=LATENT_CHANNELS,
        dim_mult=[1, 1, 1],
        num_res_blocks=0,
        temperal_downsample=[True, True],
        is_residual=True,
        in_channels=3 * PATCH**2,
        out_channels=3 * PATCH**2,
        patch_size=PATCH,
        scale_factor_spatial=LATENT_FACTOR,
        # Its training holds the latents between -1 and 1.
        latents_mean=[0.0] * LATENT_CHANNELS,
        latents_std=[1.0] * LATENT_CHANNELS,
    )
    _begin_with_stills(made)
    return made


@torch.no_grad()
def _begin_with_stills(made: Network) -> None:
    """See each frame by itself at first, as stills teach it: a clip is then the last of each four.

    Of what a convolution sees of time, the last place is the frame itself.
    """
    for part in made.modules():
        if isinstance(part, nn.Conv3d) and part.kernel_size[0] == _MOMENTS:
            part.weight[:, :, :-1] = 0
    for name, part in made.named_modules():
        if name.endswith("time_conv"):
            part.bias.zero_()
            part.weight.zero_()
            width = part.in_channels
            for start in range(0, part.out_channels, width):
                part.weight[start : start + width, :, -1, 0, 0] = torch.eye(width)


def transformer() -> Network:
    """The denoiser: a token for each 2 by 2 latents, so that a clip has 180."""
    return WanTransformer3DModel(
        patch_size=(1, TOKEN, TOKEN),
        num_attention_heads=_HEADS,
        attention_head_dim=_WIDTH // _HEADS,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        text_dim=TEXT_WIDTH,
        freq_dim=64,
        ffn_dim=3 * _WIDTH,
        num_layers=5,
        rope_max_seq_len=32,
    )


def text_encoder(words: int) -> UMT5EncoderModel:
    """The reader of prompts."""
    return UMT5EncoderModel(
        UMT5Config(
            vocab_size=words,
            d_model=TEXT_WIDTH,
            d_kv=16,
            d_ff=2 * TEXT_WIDTH,
            num_layers=2,
            num_heads=4,
            dropout_rate=0.0,
            pad_token_id=0,
            eos_token_id=1,
        )
    )
