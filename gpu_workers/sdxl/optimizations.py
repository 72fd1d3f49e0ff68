"""What makes a model fast. Only what is called lossy changes a picture by more than a hair."""

from typing import Any

import torch

from gpu_workers.sdxl.settings import SdxlSettings

MAX_BATCH_ON_GPU = 4
_MAX_SHAPES = 64
"""That compiled blocks are kept for: the sizes by the batches."""

_GUIDED = ("prompt_embeds", "add_text_embeds", "add_time_ids", "image")
"""Each holds the unwanted half before the wanted one."""


def max_batch(settings: SdxlSettings) -> int:
    """Pictures drawn at once."""
    return settings.sdxl_max_batch or (MAX_BATCH_ON_GPU if torch.cuda.is_available() else 1)


def apply_optimizations(pipe: Any, settings: SdxlSettings) -> None:  # noqa: ANN401 - diffusers has no types
    """Apply the settings to a loaded pipeline; its siblings share what is changed."""
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
        torch._dynamo.config.recompile_limit = _MAX_SHAPES  # noqa: SLF001 - it has no other name
        pipe.unet.compile_repeated_blocks()


def compiles(settings: SdxlSettings) -> bool:
    """Whether blocks are compiled, and so each size is to be drawn before the first job."""
    return _on(settings.sdxl_compile)


def step_tensors(pipe: Any, guidance_until: float) -> list[str]:  # noqa: ANN401 - the same
    """What the pipeline's callback is to be given."""
    if guidance_until >= 1:
        return ["latents"]
    offered = pipe._callback_tensor_inputs  # noqa: SLF001 - it has no other name
    return ["latents", *(name for name in _GUIDED if name in offered)]


def unguided(pipe: Any, tensors: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - the same
    """From this step on, without guidance: the UNet runs on the wanted half alone."""
    if pipe.do_classifier_free_guidance:
        pipe._guidance_scale = 0.0  # noqa: SLF001 - as diffusers' own documentation does
        for name in tensors.keys() & set(_GUIDED):
            tensors[name] = tensors[name].chunk(2)[-1]
    return tensors


def _on(setting: bool | None, *, unset: bool = True) -> bool:  # noqa: FBT001 - it is what it is
    return (torch.cuda.is_available() and unset) if setting is None else setting
