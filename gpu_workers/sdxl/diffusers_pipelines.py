"""diffusers pipelines over shared components, one for each mode."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    StableDiffusionXLControlNetPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
)

from gpu_workers.runtime.models import integrity
from gpu_workers.sdxl.image_request import ImageRequest, InitImage
from gpu_workers.sdxl.ip_adapter import Adapter
from gpu_workers.sdxl.reference_images import edges
from gpu_workers.sdxl.settings import SdxlSettings
from gpu_workers.sdxl.tiny_model import tiny_model


def load_pipeline(settings: SdxlSettings) -> Any:  # noqa: ANN401 - diffusers has no types
    """Load the model on its device: the GPU in half precision, or the CPU in float32.

    Raises:
        OSError: the model's folder lacks a file.
    """
    named = settings.sdxl_model or tiny_model(settings.model_cache)
    if Path(named).is_dir():
        integrity.check(Path(named))
    on_gpu = torch.cuda.is_available()
    dtype = _half() if on_gpu else torch.float32
    parts: dict[str, Any] = {}
    if settings.sdxl_vae:
        parts["vae"] = AutoencoderKL.from_pretrained(settings.sdxl_vae, dtype=dtype)
        parts["vae"].register_to_config(force_upcast=False)
    pipe = StableDiffusionXLPipeline.from_pretrained(
        named,
        dtype=dtype,
        add_watermarker=False,
        **parts,
    ).to("cuda" if on_gpu else "cpu")
    # Decoded one at a time, a picture is the same in any batch, and six need no more memory.
    pipe.vae.enable_slicing()
    return pipe


class Ways:
    """The pipelines of all modes, built once.

    Args:
        pipe: the loaded StableDiffusionXLPipeline.
        settings: name the ControlNet and the IP-Adapter, if any.
    """

    def __init__(self, pipe: Any, settings: SdxlSettings) -> None:  # noqa: ANN401 - the same
        self._text = pipe
        self._adapter = Adapter(pipe, settings.sdxl_ip_adapter)
        self._as_edges = settings.sdxl_controlnet_input == "edges"
        shared = {
            **pipe.components,
            "force_zeros_for_empty_prompt": pipe.config.force_zeros_for_empty_prompt,
            "add_watermarker": False,
        }
        # `from_pipe` would cast the shared modules.
        self._image = StableDiffusionXLImg2ImgPipeline(**shared)
        self._control = None
        if settings.sdxl_controlnet:
            net = ControlNetModel.from_pretrained(settings.sdxl_controlnet, dtype=pipe.unet.dtype)
            net.to(pipe.device)
            self._control = StableDiffusionXLControlNetPipeline(**shared, controlnet=net)
        pipelines: list[Any] = [self._text, self._image, self._control]
        for pipeline in filter(None, pipelines):
            pipeline.set_progress_bar_config(disable=True)

    def select(self, drawings: Sequence[ImageRequest]) -> tuple[Any, dict[str, Any]]:
        """Return the pipeline for a batch of requests of one mode, and its extra arguments."""
        first = drawings[0]
        size = {"width": first.size[0], "height": first.size[1]}
        starts = [drawing.start for drawing in drawings if drawing.start is not None]
        if not starts:
            self._adapter.disable()
            return self._text, size
        if first.mode == "adapter":
            return self._text, {**size, **self._adapter.enable(starts[0])}
        self._adapter.disable()
        if first.mode == "control":
            return self._control, {**size, **self._controlled(starts)}
        pictures = [start.picture for start in starts]
        return self._image, {"image": pictures, "strength": first.denoising_strength}

    def _controlled(self, starts: Sequence[InitImage]) -> dict[str, Any]:
        pictures = [edges(start.picture) if self._as_edges else start.picture for start in starts]
        return {"image": pictures, "controlnet_conditioning_scale": starts[0].strength}


def _half() -> torch.dtype:
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
