"""Cloud Storage's objects by its real client. Each call blocks: ``storage`` gives it a thread."""

import base64

import google_crc32c
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.storage import Blob, Bucket

from shared.storage.types import TIMEOUT_SECONDS, FolderListing, ObjectMetadata


def to_metadata(blob: Blob) -> ObjectMetadata:
    """What the client has just heard of an object."""
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
    """The checksum of bytes, as the bucket writes it: big-endian, in base64."""
    return base64.b64encode(google_crc32c.Checksum(content).digest()).decode()


def list_folder(bucket: Bucket, folder: str, *, limit: int) -> FolderListing:
    """The first ``limit`` entries by name."""
    found = bucket.list_blobs(
        prefix=folder, delimiter="/", max_results=limit, timeout=TIMEOUT_SECONDS
    )
    objects = [to_metadata(blob) for blob in found]
    return FolderListing(objects, sorted(found.prefixes))


def upload(
    blob: Blob, content: bytes, content_type: str, *, replaces: bool
) -> ObjectMetadata | None:
    """Store it; None where an object is there already and ``replaces`` is false."""
    try:
        blob.upload_from_string(
            content,
            content_type,
            if_generation_match=None if replaces else 0,
            timeout=TIMEOUT_SECONDS,
            retry=None,  # a second try, after an answer that was lost, would meet the first
        )
    except PreconditionFailed:
        return None
    return to_metadata(blob)


def write_once(blob: Blob, content: bytes, content_type: str) -> None:
    """Store it; equal bytes that are there already are success. Raises ValueError for others."""
    try:
        blob.upload_from_string(
            content, content_type, if_generation_match=0, timeout=TIMEOUT_SECONDS
        )
    except PreconditionFailed:
        # The client tries again where an answer was lost: the first try's bytes are ours.
        blob.reload(timeout=TIMEOUT_SECONDS)
        if (blob.size, blob.crc32c) != (len(content), crc32c(content)):
            raise ValueError("another object lies where this belongs") from None


def copy(original: Blob, duplicate: Blob) -> ObjectMetadata | None:
    """Copy it to where nothing is; None where it is gone.

    Raises:
        ValueError: where the target holds something else.
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
            raise ValueError("another object lies where a copy belongs") from None
