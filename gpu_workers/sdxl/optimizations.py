"""Inference optimisations. Only the lossy ones change a picture visibly."""

from typing import Any

import torch

from gpu_workers.sdxl.settings import SdxlSettings

MAX_BATCH_ON_GPU = 4
_MAX_SHAPES = 64
"""The maximum number of compiled variants of a block: picture sizes times batch sizes."""

_GUIDED = ("prompt_embeds", "add_text_embeds", "add_time_ids", "image")
"""Tensors that hold the negative half before the positive one."""


def max_batch(settings: SdxlSettings) -> int:
    """Return how many pictures are drawn at once."""
    return settings.sdxl_max_batch or (MAX_BATCH_ON_GPU if torch.cuda.is_available() else 1)


def apply_optimizations(pipe: Any, settings: SdxlSettings) -> None:  # noqa: ANN401 - diffusers has no types
    """Apply the settings to a loaded pipeline, and so to all pipelines that share its modules."""
    if _on(settings.sdxl_channels_last):
        pipe.unet.to(memory_format=torch.channels_last)
        pipe.vae.to(memory_format=torch.channels_last)
    added = settings.sdxl_loras or settings.sdxl_ip_adapter
    if _on(settings.sdxl_fused_qkv, unset=not added):
        pipe.unet.fuse_qkv_projections()
    if settings.sdxl_fp8:
        pipe.unet.enable_layerwise_casting(
            storage_dtype=torch.float8_e4m3fn, compute_dtype=pipe.unet.dtype
        )
    if compiles(settings):
        torch._dynamo.config.recompile_limit = _MAX_SHAPES  # noqa: SLF001 - there is no public name
        pipe.unet.compile_repeated_blocks()


def compiles(settings: SdxlSettings) -> bool:
    """Return whether blocks are compiled, so that each size must be drawn before the first job."""
    return _on(settings.sdxl_compile)


def step_tensors(pipe: Any, guidance_until: float) -> list[str]:  # noqa: ANN401 - the same
    """Return the names of the tensors that the pipeline's callback needs."""
    if guidance_until >= 1:
        return ["latents"]
    available = pipe._callback_tensor_inputs  # noqa: SLF001 - there is no public name
    return ["latents", *(name for name in _GUIDED if name in available)]


def unguided(pipe: Any, tensors: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - the same
    """Switch guidance off for the remaining steps: the UNet runs on the positive half alone."""
    if pipe.do_classifier_free_guidance:
        pipe._guidance_scale = 0.0  # noqa: SLF001 - as diffusers' documentation does
        for name in tensors.keys() & set(_GUIDED):
            tensors[name] = tensors[name].chunk(2)[-1]
    return tensors


def _on(setting: bool | None, *, unset: bool = True) -> bool:  # noqa: FBT001 - the setting is a boolean
    return (torch.cuda.is_available() and unset) if setting is None else setting
