"""Network architectures of the demo model, trainable on two CPU cores in an hour."""

from typing import Any

from diffusers import AutoencoderTiny, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from gpu_workers.training.demo_image.render import OWN_SIDE

Network = Any
"""A network or a pipeline of diffusers, whose classes have no types."""

LATENT_CHANNELS = 6
LATENT_FACTOR = 4
"""Pixels per latent along a side."""

_PIXEL_WIDTH = 32
TEXT_WIDTH = 64
_TIME_WIDTH = 16
_POSITIONS = 77


def autoencoder() -> Network:
    """Return the autoencoder; its full-size stage, the most expensive, is two convolutions."""
    return AutoencoderTiny(
        encoder_block_out_channels=(_PIXEL_WIDTH,) * 3,
        decoder_block_out_channels=(_PIXEL_WIDTH,) * 3,
        num_encoder_blocks=(0, 1, 3),
        num_decoder_blocks=(4, 2, 0),
        latent_channels=LATENT_CHANNELS,
    )


def unet() -> Network:
    """Return the denoiser: narrow at full resolution, with cross-attention below."""
    return UNet2DConditionModel(
        sample_size=OWN_SIDE // LATENT_FACTOR,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(32, 64, 96),
        norm_num_groups=8,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        mid_block_type=None,
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        # The number of heads, not their width: diffusers keeps the wrong name.
        attention_head_dim=(1, 2, 4),
        transformer_layers_per_block=1,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=_TIME_WIDTH,
        # Six numbers on size and crop, and the second text encoder's pooled output.
        projection_class_embeddings_input_dim=6 * _TIME_WIDTH + TEXT_WIDTH,
        # Both text encoders, side by side.
        cross_attention_dim=2 * TEXT_WIDTH,
    )


def text_encoder(words: int, *, projected: bool) -> CLIPTextModel | CLIPTextModelWithProjection:
    """Return one of the two text encoders; SDXL uses the second-to-last layer of each.

    Args:
        words: the size of the vocabulary.
        projected: whether it is the second encoder, with a pooled output.
    """
    config = CLIPTextConfig(
        vocab_size=words,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        hidden_size=TEXT_WIDTH,
        intermediate_size=2 * TEXT_WIDTH,
        projection_dim=TEXT_WIDTH,
        num_attention_heads=4,
        num_hidden_layers=3 if projected else 2,
        max_position_embeddings=_POSITIONS,
        hidden_act="gelu",
    )
    return CLIPTextModelWithProjection(config) if projected else CLIPTextModel(config)
