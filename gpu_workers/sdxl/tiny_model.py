"""Tiny random SDXL with all components of the full one, for tests; generated in a second.

It draws noise that depends on every parameter, so that the code around a model can be tested where
no weights are available. It is saved and loaded like any other model.
"""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers import pre_tokenizers
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from gpu_workers.runtime.models.cache import cached

_NAME = "tiny-sdxl-1"
"""Increase the number with any change below: an existing folder of this name is not rebuilt."""

_WEIGHTS_SEED = 0
_TEXT_WIDTH = 32
_TIME_WIDTH = 8
_SAMPLE_SIDE = 32
"""Latents; 64 pixels, since the autoencoder below halves a side once."""


def tiny_model(cache: Path) -> Path:
    """Return the folder of the model in the cache; create it if it does not exist."""
    return cached(cache, _NAME, _save)


def _save(folder: Path) -> None:
    pipe: Any = _build()
    pipe.save_pretrained(folder)


def _build() -> StableDiffusionXLPipeline:
    with torch.random.fork_rng():
        torch.manual_seed(_WEIGHTS_SEED)
        return StableDiffusionXLPipeline(
            vae=_vae(),
            unet=_unet(),
            text_encoder=_text_encoder(),
            text_encoder_2=_text_encoder(projected=True),
            tokenizer=_tokenizer(),
            tokenizer_2=_tokenizer(),
            scheduler=EulerDiscreteScheduler(
                beta_start=0.00085,
                beta_end=0.012,
                beta_schedule="scaled_linear",
                timestep_spacing="leading",
                steps_offset=1,
            ),
            add_watermarker=False,
        )


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(16, 32),
        norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        sample_size=2 * _SAMPLE_SIDE,
    )


def _unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=_SAMPLE_SIDE,
        block_out_channels=(16, 32),
        norm_num_groups=8,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=_TIME_WIDTH,
        transformer_layers_per_block=(1, 2),
        # Six numbers on size and crop, and the second text encoder's pooled output.
        projection_class_embeddings_input_dim=6 * _TIME_WIDTH + _TEXT_WIDTH,
        # Both text encoders, side by side.
        cross_attention_dim=2 * _TEXT_WIDTH,
    )


def _text_encoder(*, projected: bool = False) -> CLIPTextModel | CLIPTextModelWithProjection:
    config = CLIPTextConfig(
        vocab_size=len(_vocabulary()),
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        hidden_size=_TEXT_WIDTH,
        intermediate_size=37,
        projection_dim=_TEXT_WIDTH,
        num_attention_heads=4,
        num_hidden_layers=3,
    )
    return CLIPTextModelWithProjection(config) if projected else CLIPTextModel(config)


def _tokenizer() -> CLIPTokenizer:
    return CLIPTokenizer(vocab=_vocabulary(), merges=[], model_max_length=77)


def _vocabulary() -> dict[str, int]:
    """Return two tokens per byte, in and at the end of a word: every prompt can be encoded."""
    characters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [
        "<|startoftext|>",
        "<|endoftext|>",
        *characters,
        *(f"{character}</w>" for character in characters),
    ]
    return {token: number for number, token in enumerate(tokens)}
