"""What is known of objects in Cloud Storage; without its client, which is slow to import."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

TIMEOUT_SECONDS = 20

CREATE_ONLY_HEADERS = {"x-goog-if-generation-match": "0"}
"""A signed header: the PUT succeeds where no object is, and never overwrites one."""


SIZE_RANGE = "x-goog-content-length-range"
"""A signed header, ``min,max``: a PUT of fewer or more bytes is refused while it is received."""


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """Where an object may be put, and the headers that the PUT must carry exactly."""

    url: str
    headers: dict[str, str]


class ObjectMetadata(NamedTuple):
    """What the bucket itself says of an object."""

    size: int
    content_type: str
    crc32c: str
    """Base64, as the bucket writes it."""
    generation: int
    path: str
    etag: str
    created_at: datetime
    updated_at: datetime


class FolderListing(NamedTuple):
    """What lies directly in a folder."""

    objects: list[ObjectMetadata]
    folders: list[str]
    """Their paths; each ends in a slash."""
