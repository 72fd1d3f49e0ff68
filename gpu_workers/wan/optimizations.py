"""Inference optimisations of a Wan transformer."""

from typing import Any

import torch
from diffusers import FirstBlockCacheConfig

from gpu_workers.wan.settings import WanSettings


def hasten(transformer: Any, settings: WanSettings, *, on_gpu: bool) -> None:  # noqa: ANN401 - diffusers has no types
    """Apply the configured optimisations; compile last, so that the others are compiled too.

    Args:
        transformer: the transformer, changed in place.
        settings: the configured optimisations.
        on_gpu: whether to compile if the settings do not say.
    """
    if settings.wan_fp8:
        transformer.enable_layerwise_casting(
            storage_dtype=torch.float8_e4m3fn, compute_dtype=transformer.dtype
        )
    transformer.set_attention_backend(settings.wan_attention)
    if settings.wan_first_block_cache:
        transformer.enable_cache(FirstBlockCacheConfig(settings.wan_first_block_cache))
    if on_gpu if settings.wan_compile is None else settings.wan_compile:
        transformer.compile_repeated_blocks()
