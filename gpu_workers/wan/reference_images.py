"""Select and prepare references: first, last and source frames."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image, ImageOps

from gpu_workers.runtime.pipeline import PermanentError, ReferenceImage
from shared.contracts.job_catalog import MediaType

_WITHOUT_COPYING = frozenset({"style", "character"})


@dataclass(frozen=True)
class ReferenceFrames:
    """The reference frames of a clip or picture; all None for text alone."""

    first: Image.Image | None = None
    last: Image.Image | None = None
    source: Image.Image | None = None
    """The picture to redraw."""

    def fitted(self, size: tuple[int, int]) -> "ReferenceFrames":
        """Return each frame scaled and cropped to a size, without a change of proportions."""
        frames = {"first": self.first, "last": self.last, "source": self.source}
        return replace(self, **{
            role: ImageOps.fit(image, size, Image.Resampling.LANCZOS)
            for role, image in frames.items() if image
        })  # fmt: skip

    @property
    def used(self) -> dict[str, str]:
        """The uses of the frames, for the generation settings."""
        frames = {"first frame": self.first, "last frame": self.last, "source": self.source}
        return {"references": ", ".join(use for use, image in frames.items() if image)}


def select_references(references: Sequence[ReferenceImage], media: MediaType) -> ReferenceFrames:
    """Assign a job's references to their roles.

    Args:
        references: the downloaded references.
        media: whether the job makes a video or a picture.

    Raises:
        PermanentError: one cannot be used for this medium, or cannot be decoded.
    """
    if any(reference.type in _WITHOUT_COPYING for reference in references):
        raise _unsupported("Style and character references are not supported for videos.")
    pictures = {reference.role: _picture(reference.content) for reference in references}
    if media == "image":
        if pictures.keys() - {"reference"}:
            raise _unsupported("First and last frame references are only supported for videos.")
        return ReferenceFrames(source=pictures.get("reference"))
    if {"reference", "start"} <= pictures.keys():
        raise _unsupported("Only one first frame can be given.")
    first, last = pictures.get("start") or pictures.get("reference"), pictures.get("end")
    if last and not first:
        raise _unsupported("A clip with a last frame needs a first one too.")
    return ReferenceFrames(first=first, last=last)


def _picture(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content)).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise PermanentError("bad_reference", "The reference image could not be decoded.") from None


def _unsupported(message: str) -> PermanentError:
    return PermanentError("unsupported_reference", message)
