"""Encode a picture with its generation settings."""

from typing import Any

from PIL import Image

from gpu_workers.runtime.media import images
from gpu_workers.runtime.pipeline import Media
from gpu_workers.sdxl.image_request import ImageRequest
from shared.contracts.worker_protocol import GenerationParams


def media_of(
    picture: Image.Image,
    request: ImageRequest,
    params: GenerationParams,
    *,
    model: str,
    sampler: str,
    lossy: list[str],
) -> Media:
    """Encode a picture as a PNG, with the settings that were used.

    Args:
        picture: the picture.
        request: what the picture was generated from.
        params: the job's parameters.
        model: the model's name.
        sampler: the scheduler's name.
        lossy: the lossy optimisations that were used.
    """
    effective = params.model_copy(
        update={"steps": request.steps, "guidance_scale": request.guidance}
    )
    used = images.generation_settings(
        effective, model=model, sampler=sampler, seed=request.seed, size=picture.size
    )
    used |= _reference_settings(request)
    if lossy:
        used["lossy"] = lossy
    return Media(
        content=images.png(picture, used),
        mime_type="image/png",
        width=picture.width,
        height=picture.height,
        seed=request.seed,
        thumbnail_source=picture,
        settings=used,
    )


def _reference_settings(request: ImageRequest) -> dict[str, Any]:
    """Return how the reference picture was used; empty without one."""
    if request.start is None:
        return {}
    reference = {
        "reference_type": request.start.type,
        "reference_strength": request.start.strength,
        "reference_way": request.mode,
    }
    return (
        {**reference, "denoising_strength": request.denoising_strength}
        if request.mode == "image"
        else reference
    )
