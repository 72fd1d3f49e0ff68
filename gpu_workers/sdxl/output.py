"""What a finished picture is handed in as, and what it says of itself."""

from typing import Any

from PIL import Image

from gpu_workers.runtime.media import images
from gpu_workers.runtime.pipeline import Media
from gpu_workers.sdxl.image_request import Drawing
from shared.contracts.worker_protocol import Parameters


def media_of(
    picture: Image.Image,
    one: Drawing,
    wanted: Parameters,
    *,
    model: str,
    sampler: str,
    lossy: list[str],
) -> Media:
    """The picture as a file, with what it was really made with."""
    really = wanted.model_copy(update={"steps": one.steps, "guidance_scale": one.guidance})
    used = images.generation_settings(
        really, model=model, sampler=sampler, seed=one.seed, size=picture.size
    )
    used |= _started(one)
    if lossy:
        used["lossy"] = lossy
    return Media(
        content=images.png(picture, used),
        mime_type="image/png",
        width=picture.width,
        height=picture.height,
        seed=one.seed,
        thumbnail_source=picture,
        settings=used,
    )


def _started(one: Drawing) -> dict[str, Any]:
    """What became of the picture to start from."""
    if one.start is None:
        return {}
    started = {
        "reference_type": one.start.type,
        "reference_strength": one.start.strength,
        "reference_way": one.way,
    }
    return {**started, "denoising_strength": one.denoise} if one.way == "image" else started
