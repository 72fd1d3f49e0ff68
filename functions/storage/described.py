"""Objects as a listing tells of them."""

import hashlib
from uuid import UUID

from functions.storage.object_urls import Place
from shared.contracts.storage import FileEntry, FileMetadata
from shared.storage.types import StoredObject

CACHE_CONTROL = "private, max-age=0"
"""What the bucket answers with where an object says nothing of its own; none does."""


def id_of(place: Place) -> UUID:
    """The same for an object whoever asks: clients tell files from folders by it."""
    digest = hashlib.sha256(place.key.encode()).digest()
    return UUID(bytes=digest[:16], version=5)


def entry(place: Place, found: StoredObject, name: str) -> FileEntry:
    """A file, by the name that its list gives it."""
    metadata = FileMetadata(
        e_tag=f'"{found.etag}"',
        size=found.size,
        mimetype=found.content_type,
        cache_control=CACHE_CONTROL,
        last_modified=found.updated_at,
        content_length=found.size,
    )
    return FileEntry(
        name=name,
        id=id_of(place),
        updated_at=found.updated_at,
        created_at=found.created_at,
        last_accessed_at=found.updated_at,
        metadata=metadata,
    )
