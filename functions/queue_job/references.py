"""The pictures that a job starts from: had, drawn anew, and kept in the job's own folder.

A worker is only ever given a signed URL of such a copy. A reference is had before the job is
stored: one that cannot be had refuses the request, and never silently changes the picture.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

from functions.queue_job import reference_sources
from functions.queue_job.reference_sources import Place
from shared import safety
from shared.auth.authenticators import User
from shared.contracts.jobs import QueueJobRequest
from shared.contracts.worker_protocol import ContentMode, ReferenceRole
from shared.db.queries import safety_decisions as origins
from shared.errors import InvalidError, UnavailableError
from shared.services import Services
from shared.storage import paths
from shared.telemetry.logs import logger


class _Asked(NamedTuple):
    user: User
    mode: ContentMode


@asynccontextmanager
async def kept(
    request: QueueJobRequest, user: User, job_id: UUID, services: Services
) -> AsyncIterator[None]:
    """Keep a job's references while it is stored; where it is not, they are gone again.

    After a crash in between, or where nobody knows whether the job is stored, the copies stay, and
    the bucket's lifecycle mops up those that are nobody's.
    """
    roles: list[ReferenceRole] = []
    if wanted(request):
        # The place comes before the pictures: a request that waits for one has none in memory.
        async with services.pictures.place(user.id):
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
        RefusedError: in ``nsfw``, where one is not wholly this system's own picture.
    """
    pictures = {
        role: await _picture(role, given, _Asked(user, request.metadata.content_type), services)
        for role, given in wanted(request).items()
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


async def _picture(role: ReferenceRole, given: str, asked: _Asked, services: Services) -> bytes:
    """The picture that a request's field names, drawn anew."""
    field = "referenceImageUrl" if role == "reference" else f"{role}ReferenceImageUrl"
    try:
        place = await reference_sources.find(given, asked.user, services)
        await _check_origin(place, given, asked.mode, field, services)
        content = await (
            reference_sources.read(place, services) if place else services.guard.fetch(given)
        )
        return await services.pictures.redraw(content)
    except InvalidError as problem:
        detail = {"field": field, "message": problem.sentence, "type": "value_error"}
        raise InvalidError(problem.sentence, details=[detail]) from None


async def _check_origin(
    place: Place | None, given: str, mode: ContentMode, field: str, services: Services
) -> None:
    """In ``nsfw`` no photograph of a person may be undressed: only what words made is taken."""
    if mode != safety.NSFW:
        return
    if place is not None:
        async with services.database.transaction() as connection:
            if await origins.is_of_words_alone(connection, place.path):
                return
    raise safety.RefusedError("nsfw_reference", place="reference", field=field, text=given)
