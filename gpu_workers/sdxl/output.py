"""What a finished picture is handed in as, and what it says of itself."""

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
    """The picture as a file, with what it was really made with."""
    really = params.model_copy(update={"steps": request.steps, "guidance_scale": request.guidance})
    used = images.generation_settings(
        really, model=model, sampler=sampler, seed=request.seed, size=picture.size
    )
    used |= _started(request)
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


def _started(request: ImageRequest) -> dict[str, Any]:
    """What became of the picture to start from."""
    if request.start is None:
        return {}
    started = {
        "reference_type": request.start.type,
        "reference_strength": request.start.strength,
        "reference_way": request.way,
    }
    return (
        {**started, "denoising_strength": request.denoising_strength}
        if request.way == "image"
        else started
    )
