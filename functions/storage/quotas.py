"""How much of their own a user may have uploaded at a time: so many pictures, so many bytes.

The bucket is asked, so that what was removed, or ended with its time, is not counted. Uploads at
once do not see each other: by them a user may come to a few more, and never to more in a minute
than the limit of requests allows.
"""

from typing import NamedTuple
from uuid import UUID

from functions.storage.object_urls import Place, bucket_name
from shared.errors import Problem
from shared.services import Services
from shared.storage import user_uploads


class QuotaError(Problem):
    """You have uploaded as much as one may; remove some of it first."""

    status, code = 413, "quota_exceeded"


class Held(NamedTuple):
    """What a user has uploaded, but for what lies where the next is to be put."""

    pictures: int
    size: int


async def room(place: Place, owner: UUID, services: Services) -> Held:
    """What is there beside the picture that is to be put at ``place``.

    Raises:
        QuotaError: where there may be no further picture.
    """
    most = services.settings.uploads_per_user
    if not (most or services.settings.upload_bytes_per_user):
        return Held(0, 0)
    bucket = bucket_name(place.bucket, services)
    sizes = await services.storage.sizes(bucket, f"{owner}/")
    others = [
        size
        for path, size in sizes.items()
        if path != place.path and user_uploads.may_lie_at(path, owner)
    ]
    if most and len(others) >= most:
        raise QuotaError(f"You have {len(others)} pictures uploaded; remove some first.")
    return Held(len(others), sum(others))


def check(held: Held, content: bytes, services: Services) -> None:
    """Whether the picture, as it will be kept, still fits. Raises QuotaError where not."""
    most = services.settings.upload_bytes_per_user
    if most and held.size + len(content) > most:
        raise QuotaError(
            f"Your uploads may hold {most:,} bytes in all, and this one needs {len(content):,};"
            " remove some first."
        )
