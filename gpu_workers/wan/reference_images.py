"""The pictures that a job begins with, and what each is to the film."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image, ImageOps

from gpu_workers.runtime.pipeline import PermanentError, ReferenceImage
from shared.contracts.job_catalog import MediaType

_WITHOUT_COPYING = frozenset({"style", "character"})


@dataclass(frozen=True)
class ReferenceFrames:
    """What a film or a picture begins with; nothing, where text alone is to do."""

    first: Image.Image | None = None
    last: Image.Image | None = None
    source: Image.Image | None = None
    """The picture that is drawn anew."""

    def fitted(self, size: tuple[int, int]) -> "ReferenceFrames":
        """Each at that size; what stands over is cut off, so that nothing is stretched."""
        found = {"first": self.first, "last": self.last, "source": self.source}
        return replace(self, **{
            role: ImageOps.fit(image, size, Image.Resampling.LANCZOS)
            for role, image in found.items() if image
        })  # fmt: skip

    @property
    def used(self) -> dict[str, str]:
        """What each was used for, for the settings."""
        found = {"first frame": self.first, "last frame": self.last, "drawn anew": self.source}
        return {"references": ", ".join(use for use, image in found.items() if image)}


def select_references(references: Sequence[ReferenceImage], media: MediaType) -> ReferenceFrames:
    """Tell the references apart.

    Raises:
        PermanentError: one cannot be used for what is to be made, or is no picture.
    """
    if any(reference.type in _WITHOUT_COPYING for reference in references):
        raise _unsupported("WAN begins with a picture; it cannot take its style or its person.")
    pictures = {reference.role: _picture(reference.content) for reference in references}
    if media == "image":
        if pictures.keys() - {"reference"}:
            raise _unsupported("A picture has neither a first frame nor a last one.")
        return ReferenceFrames(source=pictures.get("reference"))
    if {"reference", "start"} <= pictures.keys():
        raise _unsupported("A clip begins with one picture, and two are given.")
    first, last = pictures.get("start") or pictures.get("reference"), pictures.get("end")
    if last and not first:
        raise _unsupported("A clip with a last frame needs a first one too.")
    return ReferenceFrames(first=first, last=last)


def _picture(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content)).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise PermanentError("bad_reference", "The reference is no picture.") from None


def _unsupported(sentence: str) -> PermanentError:
    return PermanentError("unsupported_reference", sentence)
