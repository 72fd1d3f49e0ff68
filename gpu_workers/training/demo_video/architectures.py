"""Network architectures of the demo video model, trainable on one CPU core in an hour."""

from typing import Any

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import nn
from transformers import UMT5Config, UMT5EncoderModel

Network = Any
"""A network or a pipeline of diffusers, whose classes have no types."""

LATENT_CHANNELS = 16
PATCH = 2
"""Pixels on a side that the autoencoder folds into channels before its first layer."""

LATENT_FACTOR = 8
"""Pixels per latent along a side. After the first frame, a latent holds 4 frames."""

TEXT_WIDTH = 64
TOKEN = 2
"""Latents on a side of one token of the denoiser."""

_WIDTH = 128
_HEADS = 4
_KERNEL_FRAMES = 3
"""The temporal size of a convolution, in frames."""


def autoencoder() -> Network:
    """Return the autoencoder: a narrow one of Wan 2.2's type, with residual shortcuts."""
    network: Network = AutoencoderKLWan(
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
    _init_for_stills(network)
    return network


@torch.no_grad()
def _init_for_stills(network: Network) -> None:
    """Initialise the network to treat each frame alone, so that it can be trained on stills first.

    A clip is then decoded as the last frame of each four. In a temporal convolution the last
    weight is that of the frame itself.
    """
    for part in network.modules():
        if isinstance(part, nn.Conv3d) and part.kernel_size[0] == _KERNEL_FRAMES:
            part.weight[:, :, :-1] = 0
    for name, part in network.named_modules():
        if name.endswith("time_conv"):
            part.bias.zero_()
            part.weight.zero_()
            width = part.in_channels
            for start in range(0, part.out_channels, width):
                part.weight[start : start + width, :, -1, 0, 0] = torch.eye(width)


def transformer() -> Network:
    """Return the denoiser: one token per 2 by 2 latents, so that a clip has 180."""
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
    """Return the text encoder for a vocabulary of ``words`` tokens."""
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
