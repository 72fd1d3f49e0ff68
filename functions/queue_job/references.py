"""The pictures that a job starts from: had, drawn anew, and kept in the job's own folder.

A worker is only ever given a signed URL of such a copy. A reference is had before the job is
stored: one that cannot be had refuses the request, and never silently changes the picture.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

from functions.queue_job import reference_sources
from functions.queue_job.reference_sources import ObjectRef
from shared import safety
from shared.auth.authenticators import User
from shared.contracts.jobs import QueueJobRequest
from shared.contracts.worker_protocol import ContentMode, ReferenceRole
from shared.db.queries import safety_decisions as origins
from shared.errors import InvalidRequestError, ServiceUnavailableError
from shared.services import Services
from shared.storage import paths
from shared.telemetry.logs import logger


class _Context(NamedTuple):
    user: User
    mode: ContentMode


@asynccontextmanager
async def stored_references(
    request: QueueJobRequest, user: User, job_id: UUID, services: Services
) -> AsyncIterator[None]:
    """Keep a job's references while it is stored; where it is not, they are gone again.

    After a crash in between, or where nobody knows whether the job is stored, the copies stay, and
    the bucket's lifecycle mops up those that are nobody's.
    """
    roles: list[ReferenceRole] = []
    if requested_references(request):
        # The place comes before the pictures: a request that waits for one has none in memory.
        async with services.pictures.place(user.id):
            roles = await store(request, user, job_id, services)
    try:
        yield
    except ServiceUnavailableError:
        raise
    except Exception:
        await delete(roles, user, job_id, services)
        raise


async def store(
    request: QueueJobRequest, user: User, job_id: UUID, services: Services
) -> list[ReferenceRole]:
    """Store a copy of each picture that the request names; every one is had before any is stored.

    Raises:
        InvalidError: with the field, where one is no picture, or an address is refused.
        NotFoundError: where a path is nothing of the caller's.
        RefusedError: in ``nsfw``, where one is not wholly this system's own picture.
    """
    pictures = {
        role: await _picture(role, source, _Context(user, request.metadata.content_type), services)
        for role, source in requested_references(request).items()
    }
    try:
        for role, content in pictures.items():
            path = paths.reference(user.id, job_id, role)
            bucket = services.settings.workspace_bucket
            await services.storage.upload_once(bucket, path, content, paths.REFERENCE_TYPE)
    except Exception:
        await delete(pictures, user, job_id, services)
        raise
    return list(pictures)


async def delete(
    roles: Iterable[ReferenceRole], user: User, job_id: UUID, services: Services
) -> None:
    """Delete the copies of a job that was not stored."""
    try:
        for role in roles:
            path = paths.reference(user.id, job_id, role)
            await services.storage.delete(services.settings.workspace_bucket, path)
    except ServiceUnavailableError:
        logger.warning("a refused job's reference stays until its bucket's lifecycle ends it")


def requested_references(request: QueueJobRequest) -> dict[ReferenceRole, str]:
    """What the request names as references, by role."""
    sources: dict[ReferenceRole, str | None] = {
        "reference": request.reference_image_url,
        "start": request.start_reference_image_url,
        "end": request.end_reference_image_url,
    }
    return {role: name for role, name in sources.items() if name is not None}


async def _picture(
    role: ReferenceRole, source: str, context: _Context, services: Services
) -> bytes:
    """The picture that a request's field names, drawn anew."""
    field = "referenceImageUrl" if role == "reference" else f"{role}ReferenceImageUrl"
    try:
        place = await reference_sources.resolve(source, context.user, services)
        await _check_origin(place, source, context.mode, field, services)
        content = await (
            reference_sources.read(place, services)
            if place
            else services.safe_fetcher.fetch_image(source)
        )
        return await services.pictures.sanitize_image(content)
    except InvalidRequestError as problem:
        detail = {"field": field, "message": problem.message, "type": "value_error"}
        raise InvalidRequestError(problem.message, details=[detail]) from None


async def _check_origin(
    place: ObjectRef | None, source: str, mode: ContentMode, field: str, services: Services
) -> None:
    """In ``nsfw`` no photograph of a person may be undressed: only what words made is taken."""
    if mode != safety.NSFW:
        return
    if place is not None:
        async with services.database.transaction() as connection:
            if await origins.is_text_only_origin(connection, place.path):
                return
    raise safety.ContentRefusedError("nsfw_reference", place="reference", field=field, text=source)
