"""Limits on the number of parts of a finished media file."""

import io
import struct

import pytest

from shared.contracts.media_metadata import MAX_PARTS, metadata_parts
from tests.support.malicious_images import chunk, png

_TEXT = chunk(b"tEXt", b"x\0y")


def _film(boxes: int, inner: int = 0) -> bytes:
    movie = struct.pack(">I4s", 8 + 8 * inner, b"moov") + struct.pack(">I4s", 8, b"udta") * inner
    return movie + struct.pack(">I4s", 8, b"free") * (boxes - 1)


def test_as_many_parts_as_allowed_are_found() -> None:
    picture = png(8, 8, before=_TEXT * (MAX_PARTS - 3))
    assert len(metadata_parts(io.BytesIO(picture), "image/png")) == MAX_PARTS - 3
    assert metadata_parts(io.BytesIO(_film(MAX_PARTS)), "video/mp4") == []
    assert len(metadata_parts(io.BytesIO(_film(1, MAX_PARTS)), "video/mp4")) == MAX_PARTS


@pytest.mark.parametrize(
    ("content", "mime_type"),
    [
        (png(8, 8, before=_TEXT * (MAX_PARTS - 2)), "image/png"),
        (_film(MAX_PARTS + 1), "video/mp4"),
        (_film(1, MAX_PARTS + 1), "video/mp4"),
    ],
    ids=["chunks", "boxes", "inner boxes"],
)
def test_more_parts_are_refused(content: bytes, mime_type: str) -> None:
    with pytest.raises(ValueError, match="too many"):
        metadata_parts(io.BytesIO(content), mime_type)
