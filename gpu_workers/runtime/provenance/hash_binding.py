"""C2PA hash bindings for PNG and MP4 that leave out the manifest and the settings.

The default binding of c2pa covers the settings too, so that blanking them would break the
signature. Validators accept bindings with more exclusions and report them
(additionalExclusionsPresent).
"""

import hashlib
import io
import struct
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from shared.contracts.media_metadata import Part, boxes, chunks, metadata_parts

_MANIFEST_CHUNK = b"caBX"
_MANIFEST_BOX = UUID("d8fec3d6-1b0e-483c-9297-5828877ec481").bytes
_UNBOUND_BOXES = ("/ftyp", "/mfra")
"""The C2PA specification requires these exclusions."""
_SETTINGS_BOX = "/moov/udta"


def bound(content: bytes, mime_type: str) -> dict[str, Any]:
    """Return the hash binding of a file, as an assertion of its manifest.

    Of an existing manifest only the offset and the length are used.
    """
    return _png(content) if mime_type == "image/png" else _mp4(content)


def _png(content: bytes) -> dict[str, Any]:
    file = io.BytesIO(content)
    manifest = [part for part in chunks(file) if part.kind == _MANIFEST_CHUNK]
    left_out = sorted([*manifest, *metadata_parts(file, "image/png")], key=lambda part: part.start)
    data = {
        "name": "all but the settings",
        "alg": "sha256",
        "hash": _digest(_around(content, left_out, 0, len(content))),
        "exclusions": [{"start": part.start, "length": part.length} for part in left_out],
        "pad": [],
    }
    return {"label": "c2pa.hash.data", "data": data, "created": True}


def _mp4(content: bytes) -> dict[str, Any]:
    manifest = {"xpath": "/uuid", "data": [{"offset": 8, "value": list(_MANIFEST_BOX)}]}
    paths = [{"xpath": path} for path in (*_UNBOUND_BOXES, _SETTINGS_BOX)]
    data = {
        "name": "all but the settings",
        "alg": "sha256",
        "hash": _digest(_bound_boxes(content)),
        "exclusions": [manifest, *paths],
    }
    return {"label": "c2pa.hash.bmff.v3", "data": data, "created": True}


def _bound_boxes(content: bytes) -> Iterator[bytes]:
    """Yield each bound box after its offset in the file, as version 3 of the binding requires."""
    file = io.BytesIO(content)
    settings = metadata_parts(file, "video/mp4")
    for box in boxes(file):
        user_type = content[box.start + 8 : box.start + 24] if box.kind == b"uuid" else b""
        if f"/{box.kind.decode('latin-1')}" in _UNBOUND_BOXES or user_type == _MANIFEST_BOX:
            continue
        yield struct.pack(">Q", box.start)
        inside = [
            setting for setting in settings if box.start < setting.start < box.start + box.length
        ]
        yield from _around(content, inside, box.start, box.start + box.length)


def _around(content: bytes, left_out: list[Part], start: int, end: int) -> Iterator[bytes]:
    for part in left_out:
        yield content[start : part.start]
        start = part.start + part.length
    yield content[start:end]


def _digest(pieces: Iterator[bytes]) -> list[int]:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return list(digest.digest())
