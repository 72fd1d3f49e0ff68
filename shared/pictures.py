"""Pictures from strangers: decoded, and drawn anew.

Only pixels survive: whatever else a file carried (EXIF, a place, comments, text after its end, a
second picture) is left behind, and so is whatever it claimed to be. Pillow is imported with this
module, so whoever needs it imports this where it is needed.
"""

import asyncio
import io
import math
import warnings

from PIL import (
    Image,
    ImageOps,
    JpegImagePlugin,  # noqa: F401 - each registers its format, without Pillow's fifty others
    PngImagePlugin,  # noqa: F401 - the same
    WebPImagePlugin,  # noqa: F401 - the same
)
from PIL.ExifTags import Base

from shared.errors import InvalidError

MOST_PIXELS = 40_000_000
MOST_SIDE = 2048
"""Pixels of the longer side that are kept: the models work at about a megapixel."""

_FORMATS = ("PNG", "JPEG", "WEBP")
_STRIP_ROWS = 64

# Pillow's own check, behind ours: it looks at what a file declares elsewhere than in its header.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)

_turn = asyncio.Semaphore(1)
"""One at a time: the largest takes 200 MB while it is decoded, and 650 MB as a WebP."""


async def redraw(content: bytes) -> bytes:
    """A picture as a PNG in RGB, upright, on white, without metadata.

    Raises:
        InvalidError: for everything but a whole PNG, JPEG or WebP of 40 megapixels at most.
    """
    async with _turn:
        return await asyncio.to_thread(_redraw, content)


def _redraw(content: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            _check_size(picture)
            picture.draft(None, (MOST_SIDE, MOST_SIDE))
            drawn = _shrunk(picture)
            drawn.getexif()[Base.Orientation] = picture.getexif().get(Base.Orientation, 1)
        ImageOps.exif_transpose(drawn, in_place=True)
        drawn.info.clear()
        target = io.BytesIO()
        drawn.save(target, "PNG")
    except InvalidError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except Exception:  # noqa: BLE001 - whatever a decoder makes of bytes that were made to break it
        raise InvalidError("This is no whole picture in PNG, JPEG or WebP.") from None
    return target.getvalue()


def _check_size(picture: Image.Image) -> None:
    """By what its header says: nothing is decoded yet."""
    if picture.width * picture.height > MOST_PIXELS:
        raise _too_large()


def _shrunk(picture: Image.Image) -> Image.Image:
    """In RGB, and no larger than it is of use.

    It is taken strip by strip: a whole second copy of the largest would be 160 MB.
    """
    width, height = picture.size
    factor = max(1, max(width, height) // MOST_SIDE)
    drawn = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    for top in range(0, height, factor * _STRIP_ROWS):
        bottom = min(top + factor * _STRIP_ROWS, height)
        strip = _flat(picture.crop((0, top, width, bottom)))
        drawn.paste(strip.reduce(factor), (0, top // factor))
    scale = min(1, MOST_SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return drawn if drawn.size == size else drawn.resize(size)


def _flat(picture: Image.Image) -> Image.Image:
    """RGB, on white where the picture is transparent.

    Sixteen bits a channel are read as eight: Pillow's own conversion cuts them off at white.
    """
    if picture.mode.startswith("I"):
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    white = Image.new("RGB", seen.size, "white")
    white.paste(seen, mask=seen.getchannel("A"))
    return white


def _too_large() -> InvalidError:
    return InvalidError(f"This picture has more than {MOST_PIXELS // 1_000_000} megapixels.")
