"""Reading a finished picture back before it is reported: what cannot be read is not handed in."""

import io

from PIL import Image

from gpu_workers.runtime.pipeline import Media, RetryableError

_FORMATS = {"image/png": "PNG", "image/webp": "WEBP"}


def check(media: Media, thumbnail: bytes) -> None:
    """Decode the picture, where it is one, and the thumbnail.

    Raises:
        RetryableError: one cannot be decoded, or is not what is said of it.
    """
    if media.mime_type in _FORMATS:
        _check(media.content, media.mime_type, (media.width, media.height))
    _check(thumbnail, "image/webp", None)


def _check(content: bytes, mime_type: str, size: tuple[int, int] | None) -> None:
    try:
        with Image.open(io.BytesIO(content), formats=[_FORMATS[mime_type]]) as image:
            image.load()
            found = image.size
    except (OSError, SyntaxError, ValueError):
        found = None
    if found is None or size not in (None, found):
        raise RetryableError("broken_result", "The finished picture could not be read back.")
