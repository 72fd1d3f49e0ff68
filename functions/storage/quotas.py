"""Upload quotas per user: a number of images and a number of bytes.

They are counted in the bucket, so that deleted and expired uploads do not count. Concurrent uploads
do not see each other: with them a user may exceed the quota by a few images, limited by the rate
limit of requests.
"""

from typing import NamedTuple
from uuid import UUID

from functions.storage.object_urls import ObjectRef, bucket_name
from shared.errors import ApiError
from shared.services import Services
from shared.storage import user_uploads


class QuotaError(ApiError):
    """Upload quota exceeded; delete some uploads first."""

    status, code = 413, "quota_exceeded"


class Usage(NamedTuple):
    """A user's uploads, without the one that would be replaced."""

    pictures: int
    size: int


async def usage_excluding(ref: ObjectRef, owner: UUID, services: Services) -> Usage:
    """Return the user's uploads, excluding the object at ``ref``.

    Raises:
        QuotaError: The user has as many images as ``uploads_per_user`` allows.
    """
    limit = services.settings.uploads_per_user
    if not (limit or services.settings.upload_bytes_per_user):
        return Usage(0, 0)
    bucket = bucket_name(ref.bucket, services)
    sizes = await services.storage.sizes(bucket, f"{owner}/")
    others = [
        size
        for path, size in sizes.items()
        if path != ref.path and user_uploads.is_upload_path(path, owner)
    ]
    if limit and len(others) >= limit:
        raise QuotaError(f"You have uploaded {len(others)} images; delete some first.")
    return Usage(len(others), sum(others))


def check(held: Usage, content: bytes, services: Services) -> None:
    """Raise QuotaError if an image would exceed ``upload_bytes_per_user``.

    Args:
        held: the user's other uploads.
        content: the image in the form in which it will be stored.
        services: the process's services.
    """
    limit = services.settings.upload_bytes_per_user
    if limit and held.size + len(content) > limit:
        raise QuotaError(
            f"Your uploads may hold {limit:,} bytes in all, and this one needs {len(content):,};"
            " remove some first."
        )
