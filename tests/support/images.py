"""Images to send."""

import io
from typing import Any

from PIL import Image


def picture(colour: str, **more: Any) -> bytes:  # noqa: ANN401 - Pillow's own
    """A small PNG of one colour."""
    target = io.BytesIO()
    Image.new("RGB", (24, 16), colour).save(target, "PNG", **more)
    return target.getvalue()


RED = picture("red")
