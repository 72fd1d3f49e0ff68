"""How much of their own a user may have uploaded at a time: so many pictures, so many bytes.

The bucket is asked, so that what was removed, or ended with its time, is not counted. Uploads at
once do not see each other: by them a user may come to a few more, and never to more in a minute
than the limit of requests allows.
"""

from typing import NamedTuple
from uuid import UUID

from functions.storage.object_urls import ObjectRef, bucket_name
from shared.errors import ApiError
from shared.services import Services
from shared.storage import user_uploads


class QuotaError(ApiError):
    """You have uploaded as much as one may; remove some of it first."""

    status, code = 413, "quota_exceeded"


class Usage(NamedTuple):
    """What a user has uploaded, but for what lies where the next is to be put."""

    pictures: int
    size: int


async def usage_excluding(place: ObjectRef, owner: UUID, services: Services) -> Usage:
    """What is there beside the picture that is to be put at ``place``.

    Raises:
        QuotaError: where there may be no further picture.
    """
    limit = services.settings.uploads_per_user
    if not (limit or services.settings.upload_bytes_per_user):
        return Usage(0, 0)
    bucket = bucket_name(place.bucket, services)
    sizes = await services.storage.sizes(bucket, f"{owner}/")
    others = [
        size
        for path, size in sizes.items()
        if path != place.path and user_uploads.is_upload_path(path, owner)
    ]
    if limit and len(others) >= limit:
        raise QuotaError(f"You have {len(others)} pictures uploaded; remove some first.")
    return Usage(len(others), sum(others))


def check(held: Usage, content: bytes, services: Services) -> None:
    """Whether the picture, as it will be kept, still fits. Raises QuotaError where not."""
    limit = services.settings.upload_bytes_per_user
    if limit and held.size + len(content) > limit:
        raise QuotaError(
            f"Your uploads may hold {limit:,} bytes in all, and this one needs {len(content):,};"
            " remove some first."
        )
