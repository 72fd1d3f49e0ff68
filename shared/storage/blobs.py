"""Blocking blob operations with generation preconditions. ``client`` runs them in threads."""

import base64

import google_crc32c
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.storage import Blob, Bucket

from shared.storage.types import TIMEOUT_SECONDS, FolderListing, ObjectMetadata


def to_metadata(blob: Blob) -> ObjectMetadata:
    """Return the metadata that the client has loaded for an object."""
    return ObjectMetadata(
        size=blob.size,
        content_type=blob.content_type,
        crc32c=blob.crc32c,
        generation=int(blob.generation),
        path=blob.name,
        etag=blob.etag,
        created_at=blob.time_created,
        updated_at=blob.updated,
    )


def crc32c(content: bytes) -> str:
    """Return the CRC-32C of bytes as Cloud Storage writes it: big-endian, in base64."""
    return base64.b64encode(google_crc32c.Checksum(content).digest()).decode()


def list_folder(bucket: Bucket, folder: str, *, limit: int) -> FolderListing:
    """Return the first ``limit`` entries of a folder, ordered by name."""
    entries = bucket.list_blobs(
        prefix=folder, delimiter="/", max_results=limit, timeout=TIMEOUT_SECONDS
    )
    objects = [to_metadata(blob) for blob in entries]
    return FolderListing(objects, sorted(entries.prefixes))


def upload(
    blob: Blob, content: bytes, content_type: str, *, replaces: bool
) -> ObjectMetadata | None:
    """Upload an object; None if one exists already and ``replaces`` is false."""
    try:
        blob.upload_from_string(
            content,
            content_type,
            if_generation_match=None if replaces else 0,
            timeout=TIMEOUT_SECONDS,
            retry=None,  # after a lost response, a retry would find the object of the first attempt
        )
    except PreconditionFailed:
        return None
    return to_metadata(blob)


def write_once(blob: Blob, content: bytes, content_type: str) -> None:
    """Upload an object that does not exist yet; an existing equal object is success.

    Raises:
        ValueError: An object with other content exists.
    """
    try:
        blob.upload_from_string(
            content, content_type, if_generation_match=0, timeout=TIMEOUT_SECONDS
        )
    except PreconditionFailed:
        # The client retries after a lost response, so the existing object may be ours.
        blob.reload(timeout=TIMEOUT_SECONDS)
        if (blob.size, blob.crc32c) != (len(content), crc32c(content)):
            raise ValueError("another object exists at this path") from None


def copy(original: Blob, duplicate: Blob) -> ObjectMetadata | None:
    """Copy an object to a path that is free; None if the original is gone.

    Raises:
        ValueError: An object with other content exists at the target.
    """
    try:
        _rewrite(original, duplicate)
    except NotFound:
        return None
    return to_metadata(duplicate)


def _rewrite(original: Blob, duplicate: Blob) -> None:
    token = None
    try:
        while True:
            token, _, _ = duplicate.rewrite(
                original, token=token, if_generation_match=0, timeout=TIMEOUT_SECONDS
            )
            if token is None:
                return
    except PreconditionFailed:
        duplicate.reload(timeout=TIMEOUT_SECONDS)
        original.reload(timeout=TIMEOUT_SECONDS)
        if duplicate.crc32c != original.crc32c:
            raise ValueError("another object exists at the copy's path") from None
