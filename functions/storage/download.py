"""Downloads by token, signed URL or public URL.

The response redirects to a signed URL of the bucket, so that no file content passes through here.
"""

from email.utils import format_datetime
from urllib.parse import quote

from functions.storage import access, listing
from functions.storage.object_urls import ObjectRef, bucket_name
from shared.auth import url_tokens
from shared.auth.authenticators import Anon, User
from shared.contracts.storage import FileInfo
from shared.errors import UnauthenticatedError
from shared.http import HttpRequest, RawResponse, Redirect
from shared.services import Services

_MAX_SECONDS = 3600
"""Lifetime of the bucket's URL: a client can seek in a video for an hour."""


async def fetch(
    call: HttpRequest, ref: ObjectRef, caller: User | Anon, services: Services
) -> RawResponse | Redirect:
    """Redirect to an object that the caller may read.

    Raises:
        UnauthenticatedError: There is no token.
        NotFoundError: The object does not exist, or the caller may not read it.
    """
    await access.check(ref, access.require_token(caller), services)
    return await _answer(call, ref, _MAX_SECONDS, services)


async def fetch_public(
    call: HttpRequest, ref: ObjectRef, _: User | Anon, services: Services
) -> RawResponse | Redirect:
    """Redirect to an object without a token: a library file that its owner made public.

    Raises:
        NotFoundError: The object does not exist, or is not public.
    """
    await access.check(ref, Anon(has_key=False), services)
    return await _answer(call, ref, _MAX_SECONDS, services)


async def fetch_signed(
    call: HttpRequest, ref: ObjectRef, _: User | Anon, services: Services
) -> RawResponse | Redirect:
    """Redirect to the object of a signed URL, for at most the rest of its lifetime.

    Raises:
        UnauthenticatedError: The token is not valid for this object, or has expired.
    """
    grant = url_tokens.check(call.query.get("token", ""), services)
    if grant.object_key != ref.key:
        raise UnauthenticatedError("The signed URL is for another object.")
    return await _answer(call, ref, max(1, min(grant.seconds_left, _MAX_SECONDS)), services)


async def info(_: HttpRequest, ref: ObjectRef, caller: User | Anon, services: Services) -> FileInfo:
    """Return the metadata of an object.

    Raises:
        UnauthenticatedError: There is no token.
        NotFoundError: The object does not exist, or the caller may not read it.
    """
    await access.check(ref, access.require_token(caller), services)
    metadata = await access.stat(ref, services)
    return FileInfo(
        id=listing.id_of(ref),
        name=ref.path,
        version=str(metadata.generation),
        bucket_id=ref.bucket,
        size=metadata.size,
        content_type=metadata.content_type,
        cache_control=listing.CACHE_CONTROL,
        etag=metadata.etag,
        metadata={},
        last_modified=metadata.updated_at,
        created_at=metadata.created_at,
    )


async def _answer(
    call: HttpRequest, ref: ObjectRef, seconds: int, services: Services
) -> RawResponse | Redirect:
    if call.method == "HEAD":
        return await _head(ref, services)
    url = await services.storage.signed_url(
        bucket_name(ref.bucket, services),
        ref.path,
        "GET",
        seconds=seconds,
        disposition=_disposition(call.query.get("download")),
    )
    return Redirect(url)


async def _head(ref: ObjectRef, services: Services) -> RawResponse:
    """Respond to HEAD directly: a client may take a redirect for the final response."""
    metadata = await access.stat(ref, services)
    headers = {
        "content-length": str(metadata.size),
        "etag": f'"{metadata.etag}"',
        "last-modified": format_datetime(metadata.updated_at, usegmt=True),
        "accept-ranges": "bytes",
        "cache-control": listing.CACHE_CONTROL,
    }
    return RawResponse(b"", metadata.content_type, headers)


def _disposition(download: str | None) -> str | None:
    if not download:
        return None if download is None else "attachment"
    name = quote(download, safe="")
    return f"attachment; filename={name}; filename*=UTF-8''{name}"
