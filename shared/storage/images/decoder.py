"""Decode and re-encode one picture after another, in a process of its own.

``python -m shared.storage.images.decoder SECONDS`` speaks ``picture_protocol``. The kernel ends the
process when one picture takes more than SECONDS of CPU time, whatever library it is in.
"""

import contextlib
import io
import math
import resource
import signal
import sys
import warnings

from PIL import (
    Image,
    ImageOps,
    JpegImagePlugin,  # noqa: F401 - each registers its format, without Pillow's fifty others
    PngImagePlugin,  # noqa: F401 - the same
    WebPImagePlugin,  # noqa: F401 - the same
)
from PIL.ExifTags import Base

from shared.errors import InvalidRequestError
from shared.storage.images import structure
from shared.storage.images.decoder_protocol import LENGTH, READY, RESPONSE
from shared.storage.images.structure import MAX_PIXELS

MAX_SIDE = 2048
"""Pixels of the longer side that are kept: the models work at about a megapixel."""

MAX_SOURCE_SIDE = 20_000
"""Pixels. The cost of a row is the same however narrow it is."""

MAX_MEMORY_BYTES = 768 * 1024**2
"""Of address space. 40 megapixels of WebP take 654 MiB."""

_FORMATS = ("PNG", "JPEG", "WEBP")
_STRIP_ROWS = 64

# Pillow's own check, behind ours: it looks at what a file declares elsewhere than in its header.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def redraw(content: bytes) -> bytes:
    """Return a picture as a PNG in RGB, upright, on white, without metadata.

    Raises:
        InvalidError: The file is not a whole PNG, JPEG or WebP, or exceeds a limit.
    """
    reduced = structure.reduce(content)
    try:
        with warnings.catch_warnings():
            # Pillow's remarks about a file would fill the log.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _encode(_decode(reduced))
    except InvalidRequestError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise structure.too_many_pixels() from None
    except Exception:  # noqa: BLE001 - a decoder may raise anything for bytes made to break it
        raise structure.truncated_file_error() from None


def _decode(content: bytes) -> Image.Image:
    """Return the picture upright, in RGB, no larger than it is of use."""
    with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
        _check_size(picture)
        picture.draft(None, (MAX_SIDE, MAX_SIDE))
        drawn = _shrink(picture)
        drawn.getexif()[Base.Orientation] = picture.getexif().get(Base.Orientation, 1)
    ImageOps.exif_transpose(drawn, in_place=True)
    drawn.info.clear()
    return drawn


def _encode(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


def _check_size(picture: Image.Image) -> None:
    """Check the size in the header, before anything is decoded."""
    if picture.width * picture.height > MAX_PIXELS:
        raise structure.too_many_pixels()
    if max(picture.size) > MAX_SOURCE_SIDE:
        raise InvalidRequestError(
            f"This picture has a side of more than {MAX_SOURCE_SIDE:,} pixels."
        )


def _shrink(picture: Image.Image) -> Image.Image:
    """Return it in RGB, with no side longer than ``MAX_SIDE``.

    Works strip by strip: a whole second copy of the largest would be 160 MB.
    """
    width, height = picture.size
    factor = max(1, max(width, height) // MAX_SIDE)
    drawn = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    for top in range(0, height, factor * _STRIP_ROWS):
        bottom = min(top + factor * _STRIP_ROWS, height)
        strip = _flatten(picture.crop((0, top, width, bottom)))
        drawn.paste(strip.reduce(factor), (0, top // factor))
    scale = min(1, MAX_SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return drawn if drawn.size == size else drawn.resize(size)


def _flatten(picture: Image.Image) -> Image.Image:
    """Return it in RGB, on white where it is transparent.

    Sixteen bits a channel are read as eight: Pillow's own conversion cuts them off at white.
    """
    if picture.mode.startswith("I"):
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    visible = picture.convert("RGBA")
    white = Image.new("RGB", visible.size, "white")
    white.paste(visible, mask=visible.getchannel("A"))
    return white


def limit_process() -> None:
    """Limit what this process may use: memory, and no files but those already open."""
    limits = {
        resource.RLIMIT_AS: MAX_MEMORY_BYTES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for name, limit in limits.items():
        with contextlib.suppress(ValueError, OSError):  # a system that does not have it
            resource.setrlimit(name, (limit, limit))


def answer(content: bytes, cpu_seconds: float) -> tuple[int, bytes]:
    """Return the status and the body of a response. Exceeding the time ends the process."""
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    try:
        return 0, redraw(content)
    except InvalidRequestError as error:
        return 1, error.message.encode()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main() -> None:
    """Answer requests until the input ends."""
    cpu_seconds = float(sys.argv[1])
    limit_process()
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    # A terminal's Ctrl-C is for the server, which closes the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, responses = sys.stdin.buffer, sys.stdout.buffer
    responses.write(READY)
    responses.flush()
    while header := requests.read(LENGTH.size):
        content = requests.read(LENGTH.unpack(header)[0])
        status, body = answer(content, cpu_seconds)
        responses.write(RESPONSE.pack(status, len(body)))
        responses.write(body)
        responses.flush()


if __name__ == "__main__":
    main()
