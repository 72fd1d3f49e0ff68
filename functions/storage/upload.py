"""Uploads images to the user's folder of the workspace; each is re-encoded before it is stored."""

from uuid import UUID

from functions.storage import access, listing, multipart, quotas
from functions.storage.object_urls import ObjectRef, bucket_name, check_key
from shared.auth import url_tokens
from shared.auth.authenticators import Anon, User
from shared.contracts.storage import UploadAddress, Uploaded
from shared.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    UnauthenticatedError,
    UnsupportedMediaTypeError,
)
from shared.http import HttpRequest
from shared.services import Services
from shared.storage import user_uploads

_ADDRESS_SECONDS = 2 * 3600
"""Lifetime of a signed upload URL, as in Supabase Storage."""


async def upload(
    call: HttpRequest, ref: ObjectRef, caller: User | Anon, services: Services
) -> Uploaded:
    """Store an image at a new path, or replace one if the header ``x-upsert`` is ``true``.

    Raises:
        UnauthenticatedError: There is no token.
        ForbiddenError: The caller is not a user, or the path is not in the user's upload folder.
        ConflictError: ``duplicate``: the path exists.
        UnsupportedMediaTypeError: The content is not a supported image.
        QuotaError: The user has uploaded too much.
    """
    user = access.require_user(caller)
    _check(ref, user)
    return await _store(call, ref, user.id, services, replaces=_is_upsert(call))


async def replace(
    call: HttpRequest, ref: ObjectRef, caller: User | Anon, services: Services
) -> Uploaded:
    """Store an image, and replace an existing one. Raises what ``upload`` does, but no conflict."""
    user = access.require_user(caller)
    _check(ref, user)
    return await _store(call, ref, user.id, services, replaces=True)


async def sign(
    call: HttpRequest, ref: ObjectRef, caller: User | Anon, services: Services
) -> UploadAddress:
    """Return a signed URL at which its holder may upload this one image, for two hours.

    Raises:
        UnauthenticatedError: There is no token.
        ForbiddenError: The caller is not a user, or the path is not in the user's upload folder.
        ConflictError: ``duplicate``: the path exists, and ``x-upsert`` is not ``true``.
    """
    user = access.require_user(caller)
    _check(ref, user)
    replaces = _is_upsert(call)
    if not replaces and await access.accessible(ref.bucket, [ref.path], user, services):
        raise _duplicate()
    token = url_tokens.issue_upload(
        ref.key, _ADDRESS_SECONDS, services, owner=user.id, replaces=replaces
    )
    return UploadAddress(url=f"/object/upload/sign/{ref.key}?token={token}", token=token)


async def upload_signed(
    call: HttpRequest, ref: ObjectRef, _: User | Anon, services: Services
) -> Uploaded:
    """Store an image at a signed upload URL.

    Raises:
        UnauthenticatedError: The token is not valid for this object, or has expired.
        ConflictError: ``duplicate``: the path exists, and the URL was signed without ``x-upsert``.
    """
    grant = url_tokens.check_upload(call.query.get("token", ""), services)
    if grant.object_key != ref.key:
        raise UnauthenticatedError("The signed URL is for another object.")
    return await _store(call, ref, grant.owner, services, replaces=grant.replaces)


def _check(ref: ObjectRef, user: User) -> None:
    """Raise ForbiddenError or InvalidKeyError if the user may not upload to this path."""
    check_key(ref.path)
    if ref.bucket != user_uploads.BUCKET or not user_uploads.is_owned(ref.path, user.id):
        raise ForbiddenError("Uploads must be in your own folder of workspace-temp.")
    if not user_uploads.is_upload_path(ref.path, user.id):
        raise ForbiddenError("This folder is reserved for job results; use another name.")


def _is_upsert(call: HttpRequest) -> bool:
    return call.headers.get("x-upsert") == "true"


async def _store(
    call: HttpRequest, ref: ObjectRef, owner: UUID, services: Services, *, replaces: bool
) -> Uploaded:
    # The slot is taken before the body is read: a request that waits has none in memory.
    async with services.pictures.place(owner):
        held = await quotas.usage_excluding(ref, owner, services)
        content = await multipart.picture(call)
        try:
            image = await services.pictures.sanitize_image(content)
        except InvalidRequestError as problem:
            raise UnsupportedMediaTypeError(problem.message) from None
        quotas.check(held, image, services)
        bucket = bucket_name(ref.bucket, services)
        stored = await services.storage.upload(
            bucket, ref.path, image, user_uploads.TYPE, replaces=replaces
        )
    if stored is None:
        raise _duplicate()
    return Uploaded(id=listing.id_of(ref), key=ref.key)


def _duplicate() -> ConflictError:
    return ConflictError("The resource already exists", code="duplicate")
