"""Verify encoded pictures and thumbnails before they are uploaded."""

import io

from PIL import Image

from gpu_workers.runtime.pipeline import Media, RetryableError

_FORMATS = {"image/png": "PNG", "image/webp": "WEBP"}


def check(media: Media, thumbnail: bytes) -> None:
    """Decode the thumbnail and, if the medium is an image, the image.

    Raises:
        RetryableError: one of them cannot be decoded, or the image has another size.
    """
    if media.mime_type in _FORMATS:
        _check(media.content, media.mime_type, (media.width, media.height))
    _check(thumbnail, "image/webp", None)


def _check(content: bytes, mime_type: str, size: tuple[int, int] | None) -> None:
    try:
        with Image.open(io.BytesIO(content), formats=[_FORMATS[mime_type]]) as image:
            image.load()
            decoded_size = image.size
    except (OSError, SyntaxError, ValueError):
        decoded_size = None
    if decoded_size is None or size not in (None, decoded_size):
        raise RetryableError("broken_result", "The finished picture could not be read back.")
