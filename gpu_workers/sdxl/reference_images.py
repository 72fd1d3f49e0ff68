"""Select and prepare reference images; refuse those that would be ignored."""

import io
from collections.abc import Sequence

from PIL import Image, ImageFilter, ImageOps

from gpu_workers.runtime.pipeline import PermanentError, ReferenceImage, RetryableError
from gpu_workers.sdxl.image_request import InitImage, Mode
from gpu_workers.sdxl.settings import SdxlSettings
from shared.contracts.worker_protocol import GenerationParams, ReferenceRole

DEFAULT_STRENGTH = 0.5
MAX_PIXELS = 40_000_000

_FORMATS = ("PNG", "JPEG", "WEBP")
_EDGE = 48
"""The minimum change of brightness (0 to 255) that counts as an edge."""


def select_mode(start: InitImage | None, settings: SdxlSettings) -> Mode:
    """Return the mode for a reference, or ``text`` without one.

    Raises:
        PermanentError: this worker does not support the reference's type.
    """
    if start is None:
        return "text"
    if start.type in {"style", "character"}:
        if settings.sdxl_ip_adapter is None:
            raise PermanentError(
                "unsupported_reference",
                f"This worker cannot follow the {start.type} of a reference.",
            )
        return "adapter"
    return "control" if start.type == "composition" and settings.sdxl_controlnet else "image"


def init_image(
    references: Sequence[ReferenceImage], params: GenerationParams, size: tuple[int, int]
) -> InitImage | None:
    """Return the reference of a job, cropped and scaled to the output size; None without one.

    Args:
        references: the downloaded references, at most one.
        params: the job's parameters, with the reference's type and strength.
        size: width and height of the output in pixels.

    Raises:
        PermanentError: it cannot be decoded, or has a role that is for videos only.
    """
    if not references:
        return None
    if [reference.role for reference in references] != ["reference"]:
        raise PermanentError(
            "unsupported_reference",
            "First and last frame references are only supported for videos.",
        )
    strength = params.reference_strength
    return InitImage(
        picture=ImageOps.fit(_picture(references[0]), size, Image.Resampling.LANCZOS),
        type=references[0].type or params.reference_type,
        strength=DEFAULT_STRENGTH if strength is None else strength,
    )


def check_all_present(references: Sequence[ReferenceImage], roles: Sequence[ReferenceRole]) -> None:
    """Check that every reference of the job was downloaded.

    Raises:
        RetryableError: one is missing.
    """
    if len(references) < len(roles):
        raise RetryableError("reference_unavailable", "The reference could not be fetched.")


def edges(picture: Image.Image) -> Image.Image:
    """Return the edges of a picture: white lines on black where the brightness changes."""
    lines = picture.convert("L").filter(ImageFilter.FIND_EDGES)
    return lines.point(lambda change: 255 if change >= _EDGE else 0).convert("RGB")


def _picture(reference: ReferenceImage) -> Image.Image:
    try:
        with Image.open(io.BytesIO(reference.content), formats=_FORMATS) as image:
            if image.width * image.height <= MAX_PIXELS:
                return image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        pass
    raise PermanentError("bad_reference", "The reference image could not be decoded.")
