"""Object metadata types. They do not import the storage client, which is slow to import."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

TIMEOUT_SECONDS = 20

CREATE_ONLY_HEADERS = {"x-goog-if-generation-match": "0"}
"""Signed header: the PUT never overwrites an existing object."""

SIZE_RANGE = "x-goog-content-length-range"
"""Signed header ``min,max``: a PUT of fewer or more bytes is refused while it is received."""


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """A signed upload URL, and the headers that the PUT must send exactly."""

    url: str
    headers: dict[str, str]


class ObjectMetadata(NamedTuple):
    """Metadata of an object, as Cloud Storage reports it."""

    size: int
    content_type: str
    crc32c: str
    """Base64 of the big-endian CRC-32C, as Cloud Storage writes it."""
    generation: int
    path: str
    etag: str
    created_at: datetime
    updated_at: datetime


class FolderListing(NamedTuple):
    """The direct entries of a folder."""

    objects: list[ObjectMetadata]
    folders: list[str]
    """Paths of the subfolders; each ends in a slash."""
