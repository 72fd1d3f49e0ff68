"""Describes objects as Supabase Storage's listings do."""

import hashlib
from uuid import UUID

from functions.storage.object_urls import ObjectRef
from shared.contracts.storage import FileEntry, FileMetadata
from shared.storage.types import ObjectMetadata

CACHE_CONTROL = "private, max-age=0"
"""The bucket's default; objects do not override it."""


def id_of(place: ObjectRef) -> UUID:
    """Return an object's id, derived from its key. Clients recognise folders by having no id."""
    digest = hashlib.sha256(place.key.encode()).digest()
    return UUID(bytes=digest[:16], version=5)


def entry(place: ObjectRef, metadata: ObjectMetadata, name: str) -> FileEntry:
    """Return the listing entry of a file, under the given name."""
    described = FileMetadata(
        e_tag=f'"{metadata.etag}"',
        size=metadata.size,
        mimetype=metadata.content_type,
        cache_control=CACHE_CONTROL,
        last_modified=metadata.updated_at,
        content_length=metadata.size,
    )
    return FileEntry(
        name=name,
        id=id_of(place),
        updated_at=metadata.updated_at,
        created_at=metadata.created_at,
        last_accessed_at=metadata.updated_at,
        metadata=described,
    )
