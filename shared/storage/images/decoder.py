"""Decoder process: decodes and re-encodes one picture after another.

``python -m shared.storage.images.decoder SECONDS`` speaks ``decoder_protocol``. The kernel ends the
process when one picture takes more than SECONDS of CPU time, even inside a C library.
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
    PngImagePlugin,  # noqa: F401 - as above
    WebPImagePlugin,  # noqa: F401 - as above
)
from PIL.ExifTags import Base

from shared.errors import InvalidRequestError
from shared.storage.images import structure
from shared.storage.images.decoder_protocol import LENGTH, READY, RESPONSE
from shared.storage.images.structure import MAX_PIXELS

MAX_SIDE = 2048
"""Pixels of the longer side of the result: the models work at about a megapixel."""

MAX_SOURCE_SIDE = 20_000
"""Pixels. Each row has a fixed cost, however narrow it is."""

MAX_MEMORY_BYTES = 768 * 1024**2
"""Limit of the address space. 40 megapixels of WebP take 654 MiB."""

_FORMATS = ("PNG", "JPEG", "WEBP")
_STRIP_ROWS = 64

# Pillow's check, after ours: it also covers sizes that a file declares outside of its header.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def redraw(content: bytes) -> bytes:
    """Return a picture as a PNG in RGB, upright, on white, without metadata.

    Raises:
        InvalidRequestError: The file is not a complete PNG, JPEG or WebP, or exceeds a limit.
    """
    reduced = structure.reduce(content)
    try:
        with warnings.catch_warnings():
            # Pillow's warnings about files would fill the log.
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
    """Return the picture upright, in RGB, no larger than ``MAX_SIDE``."""
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

    Works strip by strip, since a second copy of the largest picture would take 160 MB.
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

    Sixteen bits a channel are scaled to eight, since Pillow's own conversion clips them to white.
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
        with contextlib.suppress(ValueError, OSError):  # not supported on this system
            resource.setrlimit(name, (limit, limit))


def answer(content: bytes, cpu_seconds: float) -> tuple[int, bytes]:
    """Return the status and body of a response. Exceeding ``cpu_seconds`` ends the process."""
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
    # Ctrl-C in a terminal is meant for the server, which then closes the input.
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
