"""The pictures that a job starts from: had, drawn anew, and kept in the job's own folder.

A worker is only ever given a signed URL of such a copy. A reference is had before the job is
stored: one that cannot be had refuses the request, and never silently changes the picture.
"""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple, cast
from urllib.parse import unquote
from uuid import UUID

from shared import paths, uploads, url_tokens
from shared.auth import User
from shared.contracts.catalogue import CATALOGUE
from shared.contracts.jobs import QueueJobRequest
from shared.contracts.letters import ReferenceRole
from shared.errors import InvalidError, NotFoundError, UnauthenticatedError, UnavailableError
from shared.log import logger
from shared.queries import assets
from shared.services import Services

Bucket = Literal["workspace-temp", "user-library"]

_BUCKETS: tuple[Bucket, ...] = ("workspace-temp", "user-library")
"""By their public names, in the order in which a path that names none is looked for."""

_SIGNED = re.compile(
    r"(?:https?://[^/?#]+)?(?:/storage/v1)?/object/sign/"
    r"(workspace-temp|user-library)/([^?#]+)(?:\?(?:[^#]*?&)?token=([^&#]+))?.*",
    re.DOTALL,
)
"""A signed address of ours, at whatever host: its token is what proves it."""

_PLAIN = re.compile(r"[!-~]+")
_MOST_BYTES = max(row.most_bytes for row in CATALOGUE.values() if row.media == "image")
"""As large as a picture that we make may be."""


class _Place(NamedTuple):
    bucket: Bucket
    path: str


@asynccontextmanager
async def kept(
    request: QueueJobRequest, user: User, job_id: UUID, services: Services
) -> AsyncIterator[None]:
    """Keep a job's references while it is stored; where it is not, they are gone again.

    After a crash in between, or where nobody knows whether the job is stored, the copies stay, and
    the bucket's lifecycle mops up those that are nobody's.
    """
    roles = await take(request, user, job_id, services)
    try:
        yield
    except UnavailableError:
        raise
    except Exception:
        await drop(roles, user, job_id, services)
        raise


async def take(
    request: QueueJobRequest, user: User, job_id: UUID, services: Services
) -> list[ReferenceRole]:
    """Store a copy of each picture that the request names; every one is had before any is stored.

    Raises:
        InvalidError: with the field, where one is no picture, or an address is refused.
        NotFoundError: where a path is nothing of the caller's.
    """
    pictures = {
        role: await _picture(role, given, user, services) for role, given in wanted(request).items()
    }
    try:
        for role, content in pictures.items():
            path = paths.reference(user.id, job_id, role)
            bucket = services.settings.workspace_bucket
            await services.storage.write(bucket, path, content, paths.REFERENCE_TYPE)
    except Exception:
        await drop(pictures, user, job_id, services)
        raise
    return list(pictures)


async def drop(
    roles: Iterable[ReferenceRole], user: User, job_id: UUID, services: Services
) -> None:
    """Delete the copies of a job that was not stored."""
    try:
        for role in roles:
            path = paths.reference(user.id, job_id, role)
            await services.storage.delete(services.settings.workspace_bucket, path)
    except UnavailableError:
        logger.warning("a refused job's reference stays until its bucket's lifecycle ends it")


def wanted(request: QueueJobRequest) -> dict[ReferenceRole, str]:
    """What the request names as references, by role."""
    given: dict[ReferenceRole, str | None] = {
        "reference": request.reference_image_url,
        "start": request.start_reference_image_url,
        "end": request.end_reference_image_url,
    }
    return {role: name for role, name in given.items() if name is not None}


async def _picture(role: ReferenceRole, given: str, user: User, services: Services) -> bytes:
    """The picture that a request's field names, drawn anew."""
    from shared import pictures  # noqa: PLC0415 - Pillow, which most requests do without

    try:
        return await pictures.redraw(await _content(given, user, services))
    except InvalidError as problem:
        field = "referenceImageUrl" if role == "reference" else f"{role}ReferenceImageUrl"
        detail = {"field": field, "message": problem.sentence, "type": "value_error"}
        raise InvalidError(problem.sentence, details=[detail]) from None


async def _content(given: str, user: User, services: Services) -> bytes:
    signed = _SIGNED.fullmatch(given)
    if signed:
        place = _Place(cast("Bucket", signed[1]), unquote(signed[2]))
        return await _read(await _proven(place, signed[3] or "", services), services)
    if "://" in given:
        return await services.guard.fetch(given)
    return await _read(await _owned(given, user, services), services)


async def _proven(place: _Place, token: str, services: Services) -> _Place:
    """An object by its signed address: the token proves it, and its row must still exist.

    An upload has no row; it is there as long as its file is.
    """
    try:
        allowed = url_tokens.check(token, services).place
    except UnauthenticatedError as problem:
        raise InvalidError(problem.sentence) from None
    if allowed != "/".join(place):
        raise InvalidError("The address is signed for another object.")
    async with services.database.transaction() as connection:
        if await assets.is_visible(connection, place.bucket, place.path):
            return place
    if place.bucket == uploads.BUCKET and uploads.owner(place.path):
        return place
    raise NotFoundError("There is no such object any more.")


async def _owned(given: str, user: User, services: Services) -> _Place:
    """An object of the caller's by its path: the row decides, and in whose folder it lies.

    What has no row can only be an upload.
    """
    bucket, _, rest = given.partition("/")
    if bucket in _BUCKETS:
        places = [_Place(bucket, rest)]
    else:
        places = [_Place(one, given) for one in _BUCKETS]
    if _PLAIN.fullmatch(given) and places[0].path.startswith(f"{user.id}/"):
        async with services.database.transaction(user.role, user.claims) as connection:
            for place in places:
                if await assets.is_visible(connection, *place):
                    return place
    for place in places:
        if place.bucket == uploads.BUCKET and uploads.may_lie_at(place.path, user.id):
            return place
    raise NotFoundError("There is no such object of yours.")


async def _read(place: _Place, services: Services) -> bytes:
    if place.path.endswith(".mp4"):
        raise InvalidError("A reference is a picture, and this is a video.")
    settings = services.settings
    names = {"workspace-temp": settings.workspace_bucket, "user-library": settings.library_bucket}
    content = await services.storage.read(
        names[place.bucket], place.path, most_bytes=_MOST_BYTES + 1
    )
    if content is None:
        raise NotFoundError("The object's file is gone.")
    if len(content) > _MOST_BYTES:
        raise InvalidError(f"This picture holds more than {_MOST_BYTES} bytes.")
    return content
